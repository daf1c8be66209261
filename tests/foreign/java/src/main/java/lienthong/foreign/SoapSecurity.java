package lienthong.foreign;

import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.crypto.Merlin;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.handler.WSHandlerResult;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.w3c.dom.Document;
import org.w3c.dom.Node;

/** WS-Security with Apache WSS4J. */
final class SoapSecurity {
  private SoapSecurity() {}

  /** FILE CERTIFICATE: says which elements were signed. */
  static String verify(String[] arguments) throws Exception {
    WSSConfig.init();
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("partner", Files.certificate(arguments[1]));
    Merlin crypto = new Merlin(new Properties(), SoapSecurity.class.getClassLoader(), null);
    crypto.setKeyStore(trusted);
    crypto.setTrustStore(trusted);
    RequestData request = new RequestData();
    request.setWssConfig(WSSConfig.getNewInstance());
    request.setSigVerCrypto(crypto);
    request.setMsgContext(new java.util.HashMap<String, Object>());
    WSSecurityEngine engine = new WSSecurityEngine();
    WSHandlerResult result = engine.processSecurityHeader(Files.document(arguments[0]), request);
    return String.join(" ", signedNames(result));
  }

  private static List<String> signedNames(WSHandlerResult result) {
    List<String> names = new ArrayList<>();
    for (WSSecurityEngineResult action : result.getActionResults().get(WSConstants.SIGN)) {
      Object references = action.get(WSSecurityEngineResult.TAG_DATA_REF_URIS);
      for (Object reference : (List<?>) references) {
        names.add(((org.apache.wss4j.dom.WSDataRef) reference).getName().getLocalPart());
      }
    }
    return names;
  }

  /** IN OUT KEYS TOKEN: token is direct (BinarySecurityToken) or ski (SubjectKeyIdentifier). */
  static String sign(String[] arguments) throws Exception {
    WSSConfig.init();
    Document document = Files.document(arguments[0]);
    Merlin crypto = new Merlin(new Properties(), SoapSecurity.class.getClassLoader(), null);
    KeyStore keys = Files.keys(arguments[2]);
    crypto.setKeyStore(keys);
    WSSecHeader header = new WSSecHeader(document);
    header.insertSecurityHeader();
    WSSecTimestamp timestamp = new WSSecTimestamp(header);
    timestamp.setTimeToLive(300);
    timestamp.build();
    WSSecSignature signature = new WSSecSignature(header);
    signature.setUserInfo(keys.aliases().nextElement(), Files.PASSWORD);
    signature.setKeyIdentifierType(
        arguments[3].equals("ski")
            ? WSConstants.SKI_KEY_IDENTIFIER
            : WSConstants.BST_DIRECT_REFERENCE);
    signature.setSignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    signature.setDigestAlgo("http://www.w3.org/2001/04/xmlenc#sha256");
    signature.setAddInclusivePrefixes(false);
    signature.getParts().addAll(parts(document));
    signature.build(crypto);
    Files.write(document, arguments[1]);
    return arguments[3];
  }

  private static List<WSEncryptionPart> parts(Document document) {
    String soap = document.getDocumentElement().getNamespaceURI();
    List<WSEncryptionPart> parts = new ArrayList<>();
    parts.add(new WSEncryptionPart("Body", soap, "Element"));
    parts.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, "Element"));
    Node header = document.getElementsByTagNameNS(soap, "Header").item(0);
    for (Node child = header.getFirstChild(); child != null; child = child.getNextSibling()) {
      String namespace = child.getNamespaceURI();
      if (namespace != null && namespace.contains("addressing")) {
        parts.add(new WSEncryptionPart(child.getLocalName(), namespace, "Element"));
      }
    }
    return parts;
  }
}
