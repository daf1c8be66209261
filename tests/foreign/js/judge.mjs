// Answers one question a line: a command and its arguments, separated by tabs; the answer is "ok" or "no" and words.
import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { DOMParser, XMLSerializer } from "@xmldom/xmldom";
import { SignedXml } from "xml-crypto";
import * as xadesjs from "xadesjs";
import xpath from "xpath";

xadesjs.Application.setEngine("node", webcrypto);
xadesjs.setNodeDependencies({ DOMParser, XMLSerializer, xpath });

const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const ENVELOPED = DSIG + "enveloped-signature";
const SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";

const read = (name) => readFileSync(name, "utf8");

function only(document) {
  const found = document.getElementsByTagNameNS(DSIG, "Signature");
  if (found.length !== 1) throw new Error(`${found.length} signatures`);
  return found[0];
}

/** FILE CERTIFICATE: the one signature of the document, with xml-crypto. */
function verify([file, certificate]) {
  const text = read(file);
  const signed = new SignedXml({
    publicCert: read(certificate),
    getCertFromKeyInfo: () => null,
    idMode: text.includes("wssecurity-utility") ? "wssecurity" : undefined,
  });
  signed.loadSignature(only(new DOMParser().parseFromString(text, "text/xml")));
  if (!signed.checkSignature(text)) throw new Error("the signature does not match");
  return `${signed.getSignedReferences().length} references`;
}

/** FORM IN OUT KEY CERTIFICATE: enveloped or enveloped-inclusive, with xml-crypto. */
function sign([form, file, out, key, certificate]) {
  const canonicalization = form === "enveloped" ? EXCLUSIVE : INCLUSIVE;
  const rsa = createPrivateKey(read(key)).asymmetricKeyType === "rsa";
  if (!rsa) throw new Error("xml-crypto signs with RSA only");
  const signing = new SignedXml({
    privateKey: read(key),
    publicCert: read(certificate),
    signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    canonicalizationAlgorithm: canonicalization,
  });
  signing.addReference({
    xpath: "/*",
    transforms: [ENVELOPED, canonicalization],
    digestAlgorithm: SHA256,
    uri: "",
    isEmptyUri: true,
  });
  signing.computeSignature(read(file));
  writeFileSync(out, signing.getSignedXml());
  return form;
}

/** FILE [DETACHED …]: the one XAdES signature, with xadesjs and the certificate that it carries. */
async function verifyAdvanced([file, ...detached]) {
  const document = xadesjs.Parse(read(file));
  const signed = new xadesjs.SignedXml(document);
  signed.LoadXml(only(document));
  if (detached.length) throw new Error("xadesjs knows no files");
  if (!(await signed.Verify())) throw new Error("the signature does not match");
  const properties = signed.XmlSignature.ObjectList.length;
  return `${signed.XmlSignature.SignedInfo.References.Count} references, ${properties} objects`;
}

/** FILE: subject of the certificate, to see that Node reads it too. */
const subject = ([file]) => new X509Certificate(read(file)).subject.replaceAll("\n", ", ");

const COMMANDS = {
  "dsig-verify": verify,
  "dsig-sign": sign,
  "xades-verify": verifyAdvanced,
  "certificate": subject,
};

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split("\t");
  let answer;
  try {
    answer = `ok\t${await COMMANDS[command](words)}`;
  } catch (problem) {
    answer = `no\t${String(problem.message ?? problem).replace(/\s+/g, " ")}`;
  }
  process.stdout.write(`${answer}\n`);
}
