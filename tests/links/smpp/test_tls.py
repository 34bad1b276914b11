"""SMPP over TLS: an account's address says so, and a certificate that is not trusted is not spoken to."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import gatherResults

from tectonics.links.smpp.outcome import Accepted, Unsent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with key.pem and, in `trusted`, the certificate of localhost."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1)).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).add_extension(
        x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    for place in ("trusted", "empty"):
        (folder / place).mkdir()
    (folder / "trusted" / "smsc.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder


async def serve(loopback, certificate) -> int:
    await loopback.port.stopListening()
    return await loopback.listen(f"ssl:0:interface=127.0.0.1:privateKey={certificate}/key.pem:"
                                 f"certKey={certificate}/trusted/smsc.pem")


@pytest_twisted.ensureDeferred
async def test_speaks_tls(loopback, certificate):
    port = await serve(loopback, certificate)
    await loopback.up(loopback.account(address=f"tls:localhost:{port}:trustRoots={certificate}/trusted"))
    outcomes = await gatherResults([loopback.send(f"{n:0254}") for n in range(500)])
    assert outcomes[-1] == Accepted("smsc1", "500")
    loopback.centre.cut_all()
    await loopback.until(lambda: loopback.centre.counts["bound"] == 2)
    assert isinstance(await loopback.send("again"), Accepted)


@pytest_twisted.ensureDeferred
async def test_a_certificate_that_is_not_trusted(loopback, certificate):
    port = await serve(loopback, certificate)
    binds = loopback.bind(loopback.account(address=f"tls:localhost:{port}:trustRoots={certificate}/empty"))
    await loopback.until(lambda: "certificate verify failed" in binds.shown()[0]["why"])
    assert await loopback.send("m", wait_s=0.05) == Unsent("its time was over before it could be sent")
    assert loopback.centre.counts["bound"] == 0
