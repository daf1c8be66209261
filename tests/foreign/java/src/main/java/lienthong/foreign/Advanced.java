package lienthong.foreign;

import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.xades.XAdESSignatureParameters;
import eu.europa.esig.dss.xades.reference.CanonicalizationTransform;
import eu.europa.esig.dss.xades.reference.DSSReference;
import eu.europa.esig.dss.xades.reference.EnvelopedSignatureTransform;
import eu.europa.esig.dss.xades.signature.XAdESService;
import java.io.File;
import java.security.KeyStore.PasswordProtection;
import java.util.ArrayList;
import java.util.List;

/** XAdES and ASiC-E with the Digital Signature Services of the European Union. */
final class Advanced {
  private Advanced() {}

  /** FILE ANCHORS TIME [DETACHED …], anchors separated by commas: level and indication of each signature. */
  static String verify(String[] arguments) throws Exception {
    SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(arguments[0]));
    validator.setCertificateVerifier(verifier(arguments[1]));
    validator.setValidationTime(java.util.Date.from(java.time.Instant.parse(arguments[2])));
    List<DSSDocument> contents = new ArrayList<>();
    for (int i = 3; i < arguments.length; i++) {
      contents.add(new FileDocument(arguments[i]));
    }
    if (!contents.isEmpty()) {
      validator.setDetachedContents(contents);
    }
    return said(validator.validateDocument().getSimpleReport());
  }

  private static String said(SimpleReport report) {
    List<String> words = new ArrayList<>();
    for (String id : report.getSignatureIdList()) {
      words.add(report.getSignatureFormat(id) + " " + report.getIndication(id) + " " + report.getSubIndication(id));
      report.getAdESValidationErrors(id).forEach(error -> words.add("error: " + error.getValue()));
      report.getAdESValidationWarnings(id).forEach(warning -> words.add("warning: " + warning.getValue()));
      report.getSignatureTimestamps(id)
          .forEach(stamp -> words.add("timestamp " + stamp.getIndication() + " " + stamp.getSubIndication()));
    }
    return words.isEmpty() ? "no signature" : String.join("; ", words);
  }

  private static CommonCertificateVerifier verifier(String anchors) throws Exception {
    CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
    for (String anchor : anchors.split(",")) {
      trusted.addCertificate(new CertificateToken(Files.certificate(anchor)));
    }
    CommonCertificateVerifier verifier = new CommonCertificateVerifier();
    verifier.setTrustedCertSources(trusted);
    return verifier;
  }

  /**
   * PACKAGING IN OUT KEYS TIME [plain]: a B-B signature; packaging is ENVELOPED or ENVELOPING. Unless plain, the library
   * takes its signature out of the document by an XPath expression instead of the transform that is there for it.
   */
  static String sign(String[] arguments) throws Exception {
    XAdESService service = new XAdESService(new CommonCertificateVerifier());
    try (Pkcs12SignatureToken token =
        new Pkcs12SignatureToken(new File(arguments[3]), new PasswordProtection(Files.PASSWORD.toCharArray()))) {
      DSSPrivateKeyEntry key = token.getKeys().get(0);
      XAdESSignatureParameters parameters = new XAdESSignatureParameters();
      parameters.setSignatureLevel(SignatureLevel.XAdES_BASELINE_B);
      parameters.setSignaturePackaging(SignaturePackaging.valueOf(arguments[0]));
      parameters.setDigestAlgorithm(DigestAlgorithm.SHA256);
      parameters.setSigningCertificate(key.getCertificate());
      parameters.setCertificateChain(key.getCertificateChain());
      parameters.bLevel().setSigningDate(java.util.Date.from(java.time.Instant.parse(arguments[4])));
      DSSDocument document = new FileDocument(arguments[1]);
      if (arguments.length > 5) {
        parameters.setReferences(List.of(whole(document)));
      }
      ToBeSigned data = service.getDataToSign(document, parameters);
      SignatureValue value = token.sign(data, parameters.getDigestAlgorithm(), key);
      service.signDocument(document, parameters, value).save(arguments[2]);
      return arguments[0];
    }
  }

  private static DSSReference whole(DSSDocument document) {
    DSSReference reference = new DSSReference();
    reference.setId("whole");
    reference.setUri("");
    reference.setContents(document);
    reference.setDigestMethodAlgorithm(DigestAlgorithm.SHA256);
    reference.setTransforms(
        List.of(
            new EnvelopedSignatureTransform(),
            new CanonicalizationTransform("http://www.w3.org/2001/10/xml-exc-c14n#")));
    return reference;
  }
}
