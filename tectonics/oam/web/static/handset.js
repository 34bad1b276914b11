// The handset: dials through /handset/dial, shows what comes back, and keeps the account beside it fresh.
// A session is the dialled code and the inputs so far; the server keeps none of it.
"use strict";

const POLL_MS = 2000;
const TOAST_MS = 8000;
const $ = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=handset-token]").content;
const phone = { session: "", text: "", phase: "idle", asked: 0 };
let shownState = "";
let newestAt = "";
let toast = 0;

const line = () => document.querySelector("input[name=line]:checked").value;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY = { day: "numeric", month: "short" };

function time(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  return (today ? "" : at.toLocaleDateString([], DAY) + " ") + at.toLocaleTimeString([], { ...CLOCK, second: "2-digit" });
}

function newSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(path, body) {
  const sent = body && {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-Handset-Token": token },
  };
  let answer;
  try {
    answer = await fetch(path, sent || {});
  } catch {
    throw new Error("The daemon does not answer. Is it running?");
  }
  const value = await answer.json().catch(() => ({ error: "The answer could not be read." }));
  if (!answer.ok) throw new Error(value.error);
  return value;
}

// --- the phone --------------------------------------------------------------------------------------

const PHASES = {
  idle: { network: "Ready to dial", label: "Number to dial", call: "Call" },
  busy: { network: "Asking the network", label: "Wait", call: "Call" },
  open: { network: "The network asks", label: "Your reply", call: "Send" },
  ended: { network: "The network says", label: "Number to dial", call: "Call" },
  failed: { network: "No answer", label: "Number to dial", call: "Call" },
};

function show(phase, text) {
  phone.phase = phase;
  $("display").dataset.phase = phase;
  $("network").textContent = PHASES[phase].network;
  $("entry-label").textContent = PHASES[phase].label;
  $("call").textContent = PHASES[phase].call;
  $("call").disabled = phase === "busy";
  $("cancel").disabled = phase === "idle";
  $("screen").textContent = text;
  $("entry").value = "";
}

function hangUp() {
  phone.asked += 1;
  phone.session = phone.text = "";
  show("idle", "");
}

async function send(typed) {
  if (!typed || phone.phase === "busy") return;
  if (phone.phase === "open") {
    phone.text += "*" + typed;
  } else {
    phone.session = newSession();
    phone.text = typed;
  }
  const asked = (phone.asked += 1);
  show("busy", "");
  try {
    const screen = await ask("/handset/dial", { msisdn: line(), session: phone.session, text: phone.text });
    if (asked === phone.asked) show(screen.more ? "open" : "ended", screen.text);
  } catch (error) {
    if (asked === phone.asked) show("failed", error.message);
  }
  if (asked === phone.asked) $("entry").focus({ preventScroll: true });
  refresh();
}

function press(key) {
  const entry = $("entry");
  const at = entry.selectionStart ?? entry.value.length;
  entry.setRangeText(key, at, entry.selectionEnd ?? at, "end");
}

$("dialler").addEventListener("submit", (event) => {
  event.preventDefault();
  send($("entry").value.trim());
});
$("cancel").addEventListener("click", () => { hangUp(); $("entry").focus(); });
$("erase").addEventListener("click", () => { $("entry").value = $("entry").value.slice(0, -1); });
$("codes").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) send(button.dataset.code);
});
document.querySelector(".keys").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) press(button.dataset.key);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && phone.phase !== "idle") hangUp();
});

// --- the account ------------------------------------------------------------------------------------

function item(kind, ...parts) {
  const node = document.createElement(kind);
  for (const part of parts) node.append(part);
  return node;
}

function styled(node, name) {
  node.className = name;
  return node;
}

function stamped(text) {
  const node = item("time", time(text));
  node.dateTime = text;
  return node;
}

function facts(state) {
  const open = state.advances.filter((one) => ["open", "overdue", "granting", "unknown"].includes(one.state));
  const recharges = state.recharges_90d;
  const good = [state.kind, `segment ${state.segment}`];
  if (state.tenure_days !== null) good.push(`${state.tenure_days} days on the network`);
  good.push(`${recharges.count} recharge${recharges.count === 1 ? "" : "s"} in 90 days`);
  if (state.listed === "white") good.push("white list");
  const bad = open.map((one) => `${one.state} advance of ${one.amount}, due ${one.due_at.slice(0, 10)}`);
  if (state.listed === "black") bad.push("black list");
  if (state.bar) bad.push(`barred: ${state.bar.text || state.bar.reason}`);
  return [...good.map((text) => item("li", text)), ...bad.map((text) => styled(item("li", text), "bad"))];
}

function messages(list) {
  if (!list.length) return [styled(item("li", "No message yet."), "empty")];
  return list.slice().reverse().map((one) => item("li", one.text, stamped(one.at)));
}

function tickets(list) {
  if (!list.length) return [styled(item("li", "Nothing has happened yet."), "empty")];
  return list.map((one) => {
    const amount = one.amount ? ` ${one.amount} ${one.currency}` : "";
    return item("li", stamped(one.time), styled(item("b", one.type + amount), one.outcome || ""), item("span", one.text || one.reason || ""));
  });
}

function announce(list) {
  const newest = list.at(-1);
  if (newest && newestAt && newest.at > newestAt) {
    $("arrived").textContent = `New message: ${newest.text}`;
    clearTimeout(toast);
    toast = setTimeout(() => { $("arrived").textContent = ""; }, TOAST_MS);
  }
  newestAt = newest ? newest.at : "0";
}

function draw(state) {
  announce(state.messages);
  $("balance").textContent = state.balance ?? "?";
  $("outstanding").textContent = state.outstanding;
  $("currency").textContent = state.currency;
  document.querySelector(".owed").classList.toggle("some", Number(state.outstanding) > 0);
  $("facts").replaceChildren(...facts(state));
  $("messages").replaceChildren(...messages(state.messages));
  $("tickets").replaceChildren(...tickets(state.tickets));
}

function say(text, bad) {
  $("said").textContent = text;
  $("said").classList.toggle("bad", Boolean(bad));
}

async function refresh() {
  const msisdn = line();
  try {
    const state = await ask(`/handset/state?msisdn=${msisdn}`);
    const drawn = JSON.stringify(state);
    if (msisdn !== line() || drawn === shownState) return;
    shownState = drawn;
    draw(state);
    if ($("said").dataset.lost) { delete $("said").dataset.lost; say(""); }
  } catch (error) {
    $("said").dataset.lost = "yes";
    shownState = "";
    say(error.message, true);
  }
}

$("till").addEventListener("submit", async (event) => {
  event.preventDefault();
  const what = event.submitter?.value || "recharge";
  try {
    const done = await ask(`/handset/${what}`, { msisdn: line(), amount: $("amount").value.trim() });
    say(done.text);
  } catch (error) {
    say(error.message, true);
  }
  refresh();
});

$("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("/handset/write", { msisdn: line(), text: $("message").value.trim() });
    $("message").value = "";
    say("Your SMS has arrived.");
  } catch (error) {
    say(error.message, true);
  }
  refresh();
});

function pick() {
  hangUp();
  say("");
  $("mine").textContent = `+${line()}`;
  shownState = newestAt = $("arrived").textContent = "";
  refresh();
}

function tick() {
  $("clock").textContent = new Date().toLocaleTimeString([], CLOCK);
}

document.querySelectorAll("input[name=line]").forEach((radio) => radio.addEventListener("change", pick));
setInterval(() => { if (!document.hidden) refresh(); }, POLL_MS);
setInterval(tick, 1000);
tick();
pick();
