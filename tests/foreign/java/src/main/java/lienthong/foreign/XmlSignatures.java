package lienthong.foreign;

import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** XML signatures with the JDK's own implementation (a fork of Apache Santuario), secure validation on. */
final class XmlSignatures {
  private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");
  private static final String SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";

  private XmlSignatures() {}

  /** FILE CERTIFICATE: the one signature of the document, made with the certificate's key. */
  static String verify(String[] arguments) throws Exception {
    Document document = Files.document(arguments[0]);
    NodeList found = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
    if (found.getLength() != 1) {
      throw new IllegalArgumentException(found.getLength() + " signatures");
    }
    DOMValidateContext context =
        new DOMValidateContext(Files.certificate(arguments[1]).getPublicKey(), found.item(0));
    context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.TRUE);
    XMLSignature signature = FACTORY.unmarshalXMLSignature(context);
    if (!signature.validate(context)) {
      throw new SecurityException("signature value: " + signature.getSignatureValue().validate(context));
    }
    return signature.getSignedInfo().getReferences().size() + " references";
  }

  /** FORM IN OUT KEYS: form is enveloped, enveloped-inclusive or two-reference PAYLOAD HOLDER. */
  static String sign(String[] arguments) throws Exception {
    Document document = Files.document(arguments[1]);
    KeyStore store = Files.keys(arguments[3]);
    String alias = store.aliases().nextElement();
    PrivateKey key = (PrivateKey) store.getKey(alias, Files.PASSWORD.toCharArray());
    KeyInfo info = info((X509Certificate) store.getCertificate(alias));
    String canonicalization =
        arguments[0].equals("enveloped")
            ? CanonicalizationMethod.EXCLUSIVE
            : CanonicalizationMethod.INCLUSIVE;
    if (arguments[0].equals("two-reference")) {
      twoReferences(document, key, info, arguments[4], arguments[5]);
    } else {
      Reference whole = reference("", List.of(transform(Transform.ENVELOPED), transform(canonicalization)));
      signed(List.of(whole), canonicalization, key, info, List.of())
          .sign(new DOMSignContext(key, document.getDocumentElement()));
    }
    Files.write(document, arguments[2]);
    return arguments[0];
  }

  private static void twoReferences(
      Document document, PrivateKey key, KeyInfo info, String payload, String holder) throws Exception {
    Element signedElement = child(document.getDocumentElement(), payload);
    Element place = child(document.getDocumentElement(), holder);
    String identifier = signedElement.getAttribute("Id");
    String about = "Object-" + holder + "-" + identifier;
    List<Transform> inclusive = List.of(transform(CanonicalizationMethod.INCLUSIVE));
    List<Reference> references =
        List.of(reference("#" + about, inclusive), reference("#" + identifier, inclusive));
    Node text = document.createTextNode("2026-11-23T10:00:00");
    XMLObject object =
        FACTORY.newXMLObject(Collections.singletonList(new DOMStructure(text)), about, null, null);
    signed(references, CanonicalizationMethod.INCLUSIVE, key, info, List.of(object))
        .sign(new DOMSignContext(key, place));
  }

  private static XMLSignature signed(
      List<Reference> references,
      String canonicalization,
      PrivateKey key,
      KeyInfo info,
      List<XMLObject> objects)
      throws Exception {
    String method =
        key.getAlgorithm().equals("RSA")
            ? "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
            : "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    return FACTORY.newXMLSignature(
        FACTORY.newSignedInfo(
            FACTORY.newCanonicalizationMethod(canonicalization, (C14NMethodParameterSpec) null),
            FACTORY.newSignatureMethod(method, null),
            references),
        info,
        objects,
        null,
        null);
  }

  private static Reference reference(String uri, List<Transform> transforms) throws Exception {
    return FACTORY.newReference(uri, FACTORY.newDigestMethod(SHA256, null), transforms, null, null);
  }

  private static Transform transform(String algorithm) throws Exception {
    return FACTORY.newTransform(algorithm, (TransformParameterSpec) null);
  }

  private static KeyInfo info(X509Certificate certificate) {
    KeyInfoFactory factory = FACTORY.getKeyInfoFactory();
    return factory.newKeyInfo(List.of(factory.newX509Data(List.of(certificate))));
  }

  private static Element child(Element parent, String name) {
    for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element && name.equals(child.getLocalName())) {
        return (Element) child;
      }
    }
    throw new IllegalArgumentException("no <" + name + ">");
  }
}
