package lienthong.foreign;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Attr;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;

/** Reading and writing of what the commands name. */
final class Files {
  static final String PASSWORD = "matkhau";

  private Files() {}

  static Document document(String name) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    Document document = factory.newDocumentBuilder().parse(Path.of(name).toFile());
    declareIdentifiers(document.getDocumentElement());
    return document;
  }

  /** Without a schema nobody knows which attributes are identifiers: those that the profiles use. */
  private static void declareIdentifiers(Element element) {
    NamedNodeMap attributes = element.getAttributes();
    for (int i = 0; i < attributes.getLength(); i++) {
      Attr attribute = (Attr) attributes.item(i);
      String local = attribute.getLocalName();
      if (local.equals("Id") || local.equals("ID")) {
        element.setIdAttributeNode(attribute, true);
      }
    }
    for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element) {
        declareIdentifiers((Element) child);
      }
    }
  }

  static void write(Document document, String name) throws Exception {
    try (OutputStream out = java.nio.file.Files.newOutputStream(Path.of(name))) {
      TransformerFactory.newInstance()
          .newTransformer()
          .transform(new DOMSource(document), new StreamResult(out));
    }
  }

  static X509Certificate certificate(String name) throws Exception {
    try (InputStream in = java.nio.file.Files.newInputStream(Path.of(name))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  static KeyStore keys(String name) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = java.nio.file.Files.newInputStream(Path.of(name))) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }
}
