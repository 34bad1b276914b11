// A message centre on node-smpp (npm package `smpp`): node node_smsc.js FOLDER_OF_MODULES PASSWORD
// Orders come from standard input, events go to standard output, both a line of JSON each.
'use strict';
const path = require('path');
const readline = require('readline');
const smpp = require(path.join(process.argv[2], 'smpp'));

const password = process.argv[3];
const next = [];  // what the next submits meet: {status}, {drop: true}, {late_ms}, {hang_up: true}
let sessions = [];
let number = 0;

const tell = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const words = (pdu) => {
    const text = pdu.message_payload || pdu.short_message || {};
    return text.message !== undefined ? text.message : text;
};
const plain = (text) => Buffer.isBuffer(text) ? text.toString('hex') : text;

function receipt(session, pdu, id, receipted) {
    session.deliver_sm({
        source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
        short_message: `id:${receipted || id} sub:001 dlvrd:001 submit date:2611220800 done date:2611220801 ` +
            'stat:DELIVRD err:000 text:', receipted_message_id: receipted || id, message_state: 2,
    }, (answer) => tell({receipt_answered: answer.command_status}));
}

function submitted(session, pdu) {
    const fate = next.shift() || {};
    const text = words(pdu);
    tell({submitted: plain(text), coding: pdu.data_coding, to: pdu.destination_addr, ton: pdu.dest_addr_ton,
        udh: pdu.short_message && pdu.short_message.udh ? pdu.short_message.udh.map(plain) : [],
        sar: pdu.sar_total_segments ? [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] : [],
        validity: plain(pdu.validity_period), op: plain(pdu.ussd_service_op)});
    if (fate.hang_up) return session.destroy();
    if (fate.drop) return undefined;
    if (fate.status) return session.send(pdu.response({command_status: fate.status}));
    const id = `node-${++number}`;
    setTimeout(() => {
        session.send(pdu.response({message_id: id}));
        if (pdu.registered_delivery & 1) receipt(session, pdu, id);
    }, fate.late_ms || 0);
    return undefined;
}

function bound(session, pdu) {
    if (pdu.password !== password) {
        tell({refused: pdu.system_id});
        session.send(pdu.response({command_status: smpp.ESME_RINVPASWD}));
        return session.close();
    }
    sessions.push(session);
    session.send(pdu.response({system_id: 'node'}));
    return tell({bound: pdu.system_id, as: pdu.command, version: pdu.interface_version});
}

const server = smpp.createServer((session) => {
    session.on('error', (error) => tell({error: String(error)}));
    for (const kind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
        session.on(kind, (pdu) => bound(session, pdu));
    }
    session.on('submit_sm', (pdu) => submitted(session, pdu));
    session.on('data_sm', (pdu) => submitted(session, pdu));
    session.on('enquire_link', (pdu) => { tell({enquired: true}); session.send(pdu.response()); });
    session.on('unbind', (pdu) => { tell({unbound: true}); session.send(pdu.response()); session.close(); });
    session.on('close', () => { sessions = sessions.filter((one) => one !== session); tell({closed: true}); });
});
server.listen(0, '127.0.0.1', () => tell({port: server.address().port}));

const orders = {
    next: (fates) => next.push(...fates),
    deliver: (pdu) => {
        const made = Object.assign({}, pdu);
        if (made.hex) { made.short_message = Buffer.from(made.hex, 'hex'); delete made.hex; }
        if (made.session_hex) { made.its_session_info = Buffer.from(made.session_hex, 'hex'); delete made.session_hex; }
        if (made.payload_hex) { made.message_payload = Buffer.from(made.payload_hex, 'hex'); delete made.payload_hex; }
        sessions[0].deliver_sm(made, (answer) => tell({answered: answer.command_status}));
    },
    enquire: () => sessions[0].enquire_link((answer) => tell({enquiry_answered: answer.command_status})),
    unbind: () => sessions[0].unbind((answer) => { tell({unbind_answered: answer.command_status}); }),
    hang_up: () => sessions[0].destroy(),
    raw: (hex) => sessions[0].socket.write(Buffer.from(hex, 'hex')),
};
readline.createInterface({input: process.stdin}).on('line', (line) => {
    for (const [kind, value] of Object.entries(JSON.parse(line))) orders[kind](value);
    tell({done: true});
}).on('close', () => process.exit(0));
