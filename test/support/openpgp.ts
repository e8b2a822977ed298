/** Two public keys that nobody has the secret halves of, as `gpg --armor --export` writes them, with their fingerprints. */
export const keyOne = {
  fingerprint: '60C945F2B3B426C0D4DF52D36D86D4A850EBA226',
  text: `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawodaBYJKwYBBAHaRw8BAQdACOLdGXJFk1GAuXjUzDmFYDCeihGk2IsnoOLD
XvgjxZG0IHRzcGxheSBsYWIgb25lIDxvbmVAZXhhbXBsZS5vcmc+iJAEExYIADgW
IQRgyUXys7QmwNTfUtNthtSoUOuiJgUCawodaAIbAwULCQgHAgYVCgkICwIEFgID
AQIeAQIXgAAKCRBthtSoUOuiJpd3AP9CAeZmsVUfXGV1FGkNd84QFBQrfSEjVqyo
ZUplAeOMBQD+Lsr/48jS4wRgbFNj9m+NndmbLCyIcei40JykB6Th5Ag=
=ugzM
-----END PGP PUBLIC KEY BLOCK-----
`,
}

export const keyTwo = {
  fingerprint: '0830D419D7010107915E0757B63F1854D27D13C6',
  text: `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawodaBYJKwYBBAHaRw8BAQdAIWVd1NnlXR+NfSNf2LDepKoyMJJ0C2tUPq8/
MFDoWae0IHRzcGxheSBsYWIgdHdvIDx0d29AZXhhbXBsZS5vcmc+iJAEExYIADgW
IQQIMNQZ1wEBB5FeB1e2PxhU0n0TxgUCawodaAIbAwULCQgHAgYVCgkICwIEFgID
AQIeAQIXgAAKCRC2PxhU0n0TxrGKAP9UdsbvsI0pqY7FwYVnUHGvQmRS0OVfhqL/
OE5RGY6cKQEAzaMPH64xygN/gZ7WGWdAbMw1J6KINVjN2t/QDPqnpw4=
=dGrJ
-----END PGP PUBLIC KEY BLOCK-----
`,
}
