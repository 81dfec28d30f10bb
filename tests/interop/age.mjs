// A tiny age on npm age-encryption, standing in for stock age 1.3 or newer in the tests.
//
//   node age.mjs keygen                      an identity file on stdout
//   node age.mjs recipient < key.txt         its recipient on stdout
//   node age.mjs -r RECIPIENT… < in > out    seal
//   node age.mjs -d -i key.txt < in > out    open
//   node age.mjs -p WORDS < in > out         seal under a passphrase (never so with real words)
//   node age.mjs -d -p WORDS < in > out      open with it
import { webcrypto } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";

// Debian 12 has Node 18, where the global is not there yet.
globalThis.crypto ??= webcrypto;
const { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } = await import("age-encryption");

const words = (text) => text.split("\n").map((l) => l.trim()).filter((l) => l && !l.startsWith("#"));
const stdin = () => new Uint8Array(readFileSync(0));
const options = (name) => args.flatMap((a, i) => (a === name ? [args[i + 1]] : []));

function put(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const args = process.argv.slice(2);
if (args[0] === "keygen") {
  put(Buffer.from(`${await generateHybridIdentity()}\n`));
} else if (args[0] === "recipient") {
  put(Buffer.from(`${await identityToRecipient(words(readFileSync(0, "utf8"))[0])}\n`));
} else if (args[0] === "-d") {
  const opener = new Decrypter();
  for (const file of options("-i")) words(readFileSync(file, "utf8")).forEach((k) => opener.addIdentity(k));
  options("-p").forEach((passphrase) => opener.addPassphrase(passphrase));
  put(await opener.decrypt(stdin()));
} else {
  const sealer = new Encrypter();
  options("-r").forEach((recipient) => sealer.addRecipient(recipient));
  options("-p").forEach((passphrase) => {
    sealer.setPassphrase(passphrase);
    sealer.setScryptWorkFactor(4);
  });
  put(await sealer.encrypt(stdin()));
}
