import { expect, test } from "bun:test";
import { tlsServerEndPoint } from "../../src/sasl/mod.ts";

/** Self-signed certificates, and their fingerprints as `openssl x509 -fingerprint` gives them. */
const certificates: [algorithm: string, der: string, endPoint: string | undefined][] = [
  [
    "ecdsa-with-SHA256",
    "MIIBcTCCARegAwIBAgIULi5Ns2Lz40JZKd74AGallR97BKIwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCbXgwIBcNMjYxMTIyMTMwMTEw" +
    "WhgPMjEyNjEwMjkxMzAxMTBaMA0xCzAJBgNVBAMMAm14MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjU76+wHADB2qlA6tP/CrHU/h" +
    "E5hozEv6v5hiAHL2zpAl+59bLXNKAqqHoDqxGpu6/ljfpnJUY0GhL8y0UzJiBaNTMFEwHQYDVR0OBBYEFAgBULGfat4CZKy6ik+EHnQs" +
    "wh3pMB8GA1UdIwQYMBaAFAgBULGfat4CZKy6ik+EHnQswh3pMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhANqCOclH" +
    "JaF0+uBgxNyEV390d+VORatHZeBFbn7NC1SCAiAdqm6FJrXbi/CW0qMG/9rmdMFZyf2sBUJpHwCx81UudQ==",
    "67e8146aaded39404470feae7efa857ed10abbf62205ee1502a54a3b9287c676",
  ],
  [
    "ecdsa-with-SHA384",
    "MIIBcjCCARegAwIBAgIUdB/f69K6SkC4GvgDfklLMqRFhuAwCgYIKoZIzj0EAwMwDTELMAkGA1UEAwwCbXgwIBcNMjYxMTIyMTMwMTEw" +
    "WhgPMjEyNjEwMjkxMzAxMTBaMA0xCzAJBgNVBAMMAm14MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmXaJhD0xmaiFmn3dKivG2Yja" +
    "NIDvpDcXGTX8CIzUyUeF1wFRx+AzRwE7zl3YpwmA8AInrFjQY7v+Mu2k+xWY/6NTMFEwHQYDVR0OBBYEFC4vJXDNgE8oxJpiKtCST9zU" +
    "Bg3pMB8GA1UdIwQYMBaAFC4vJXDNgE8oxJpiKtCST9zUBg3pMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwMDSQAwRgIhAPNqLrMY" +
    "wWo7tFwwifHUgkdKtW++vVmoiegSowD+jF+rAiEAmxe7l4UZ0CIYXAhBP6jesz26UIZdZXKlDn1FYLjW2W8=",
    "e60375ec12ef16707ab2ee3c88aa7eedfe76bcb9cb24bb4f2264362f4cf360fde1a3b449d4d51fc42b702a9a3dc4f34c",
  ],
  [
    "sha1WithRSAEncryption, for which it is SHA-256",
    "MIIB+DCCAWGgAwIBAgIUOk15Gl5OUX7dkjhXuGUqxqeVdjUwDQYJKoZIhvcNAQEFBQAwDTELMAkGA1UEAwwCbXgwIBcNMjYxMTIyMTMw" +
    "MTEwWhgPMjEyNjEwMjkxMzAxMTBaMA0xCzAJBgNVBAMMAm14MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDWEve343zt8xflz4uI" +
    "mMm9qIy63tVpO0sUzad0mYBi9zaKRwXNW4plLx0lUOJhge+lgho6/4gKaddKNIoLFGsu5/DK7HHeIWw8Z5x0Y6Z1t8U1Tr9hHUkNM/uM" +
    "Ys86ayy2GVuum4N2e1irDIZAEPmBmfr0CmT/wDgyJ5oNghQBUQIDAQABo1MwUTAdBgNVHQ4EFgQU78xUh09KgBSZ+qIx6Zb9ZP8+vzMw" +
    "HwYDVR0jBBgwFoAU78xUh09KgBSZ+qIx6Zb9ZP8+vzMwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQBcIg/QZ9d+IVzf" +
    "kyKBTojQnKY6CGNJ2CIhwMAQ6R+/Sz4hk2aq5WX6jutmVposMTYXdPGGuDrwf//Vv+y5IVd41B4j7plUb+iFXNLgAZoFzif0RY4n/U8X" +
    "bHIHJaE0S5WuVfvkkFdNKbpsuJq9XnDyA0Cfn4qU/5lIQ0VvmehXqg==",
    "241878e7caa4d3a54166bba4df146ecd23a2e1bb7a19eede1590742d93a7d820",
  ],
  [
    "Ed25519, for which none is defined",
    "MIIBMDCB46ADAgECAhR9diBmBcjKVa1sqntbUqmWQBNjDTAFBgMrZXAwDTELMAkGA1UEAwwCbXgwIBcNMjYxMTIyMTMwMTEwWhgPMjEy" +
    "NjEwMjkxMzAxMTBaMA0xCzAJBgNVBAMMAm14MCowBQYDK2VwAyEAbICbkbe79ZtBfxdX+UfzmCGjqLDy2zcXGXAc5UUxbuqjUzBRMB0G" +
    "A1UdDgQWBBQ0XQeqsEmquCRq7EJRctmLvzEZ1jAfBgNVHSMEGDAWgBQ0XQeqsEmquCRq7EJRctmLvzEZ1jAPBgNVHRMBAf8EBTADAQH/" +
    "MAUGAytlcANBABrzyPq++O7nd39aDInzkhuoh8p2OZB3KjXY7hx7Q5uIKSF04vclFu4oHA1UmDd7i9RqHUxcS70IFj5uX8KZbAU=",
    undefined,
  ],
];

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
}

for (const [algorithm, der, endPoint] of certificates) {
  test(`tls-server-end-point of a certificate signed by ${algorithm}`, () => {
    const digest = tlsServerEndPoint(decode(der));
    expect(digest && Buffer.from(digest).toString("hex")).toBe(endPoint as string);
  });
}

test("what is no whole certificate has no end point", () => {
  const der = decode(certificates[0]?.[1] ?? "");
  for (let length = 0; length < der.length; length++) {
    expect(tlsServerEndPoint(der.subarray(0, length))).toBeUndefined();
  }
  expect(tlsServerEndPoint(new Uint8Array([...der, 0]))).toBeUndefined();
  expect(tlsServerEndPoint(new Uint8Array([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))).toBeUndefined();
});
