"""Examples for the description of the REST face: synthetic people, valid documents."""

from __future__ import annotations

_ACTOR = "<Actor><OfficerId>cb-0001</OfficerId><Unit>H26.1.1</Unit></Actor>"

_PLACE = "<Country>VN</Country><Province>01</Province><Commune>00004</Commune>"

_SUBMIT = f"""<?xml version="1.0" encoding="UTF-8"?>
<SubmitRequest xmlns="urn:lienthong:1.0">
  <MessageId>dvcqg-20260915-000001</MessageId>
  <PortalCode>000.00.00.G22-260915-0001</PortalCode>
  {_ACTOR}
  <BirthDeclaration>
    <Choices>
      <BirthKind>1</BirthKind><RegistrationKind>1</RegistrationKind><ForeignElement>false</ForeignElement>
      <RegistrationOffice><Province>01</Province><Commune>00004</Commune></RegistrationOffice>
      <InsuranceOffice><Province>01</Province><Commune>00004</Commune></InsuranceOffice>
    </Choices>
    <Applicant>
      <Name><Family>Trần</Family><Middle>Văn</Middle><Given>Thủy</Given></Name>
      <BirthDate>1990-02-28</BirthDate><PersonalNumber source="account">001090000018</PersonalNumber>
      <ResidenceKind>permanent</ResidenceKind><Residence>{_PLACE}</Residence>
      <Relation>father</Relation><Phone>0912345678</Phone>
    </Applicant>
    <Child>
      <Name><Family>Trần</Family><Given>Hòa</Given></Name>
      <Sex>2</Sex><BirthDate>2026-09-01</BirthDate><Ethnicity>01</Ethnicity><Nationality>VN</Nationality>
      <BirthPlace>{_PLACE}<Detail>Bệnh viện Mẫu</Detail></BirthPlace>
      <NativePlace><Country>VN</Country><Province>36</Province></NativePlace>
    </Child>
    <Mother>
      <Name><Family>Nguyễn</Family><Middle>Thị</Middle><Given>Mai</Given></Name>
      <BirthDate>1992-11</BirthDate><PersonalNumber>001192000027</PersonalNumber>
      <Ethnicity>01</Ethnicity><Nationality>VN</Nationality><ResidenceKind>unknown</ResidenceKind>
    </Mother>
    <Father>
      <Name><Family>Trần</Family><Middle>Văn</Middle><Given>Thủy</Given></Name>
      <BirthDate>1990-02-28</BirthDate><PersonalNumber>001090000018</PersonalNumber>
      <Ethnicity>01</Ethnicity><Nationality>VN</Nationality>
      <ResidenceKind>permanent</ResidenceKind><Residence>{_PLACE}</Residence>
    </Father>
    <HealthInsurance>
      <Facility>01012</Facility><GuardianOnCard>mother</GuardianOnCard>
      <ReceiptAddress>{_PLACE}</ReceiptAddress>
    </HealthInsurance>
  </BirthDeclaration>
</SubmitRequest>
"""

_SUPPLEMENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<SupplementRequest xmlns="urn:lienthong:1.0">
  <MessageId>dvcqg-20260916-000007</MessageId>
  <Code>G22.99.08-260915-000123</Code>
  {_ACTOR}
  <Correction><Field>Mother/Name/Given</Field><Value>Mái</Value></Correction>
</SupplementRequest>
"""

_WITHDRAW = f"""<?xml version="1.0" encoding="UTF-8"?>
<WithdrawRequest xmlns="urn:lienthong:1.0">
  <MessageId>dvcqg-20260916-000008</MessageId>
  <Code>G22.99.08-260915-000123</Code>
  {_ACTOR}
  <Reason>Công dân nộp nhầm hồ sơ</Reason>
</WithdrawRequest>
"""

_REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<ReportRequest xmlns="urn:lienthong:1.0">
  <MessageId>cutru-20260916-000042</MessageId>
  <AgencyReport>
    <Item>
      <DossierCode>G22.99.08-260915-000123</DossierCode><Outcome>ok</Outcome><State>processing</State>
      <At>2026-09-16T09:30:00+07:00</At>
    </Item>
  </AgencyReport>
</ReportRequest>
"""

_CONSENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<ConsentRequest xmlns="urn:lienthong:1.0">
  <MessageId>dvcqg-20260917-000001</MessageId>
  <Code>G22.99.08-260915-000123</Code>
  {_ACTOR}
  <PersonalNumber>001090000018</PersonalNumber>
  <Consent>given-vneid</Consent>
</ConsentRequest>
"""

_RESUME = (
    _SUBMIT.replace("SubmitRequest", "ResumeRequest")
    .replace("<PortalCode>000.00.00.G22-260915-0001</PortalCode>", "<Code>G22.99.08-260915-000123</Code>")
    .replace("dvcqg-20260915-000001", "dvcqg-20260917-000002")
)

_HANDOVER = f"""<?xml version="1.0" encoding="UTF-8"?>
<HandoverRequest xmlns="urn:lienthong:1.0">
  <MessageId>dvcqg-20260918-000004</MessageId>
  <Code>G22.99.08-260915-000123</Code>
  {_ACTOR}
  <Step>registration</Step>
</HandoverRequest>
"""

DOCUMENTS = {
    "SubmitRequest": _SUBMIT,
    "SupplementRequest": _SUPPLEMENT,
    "WithdrawRequest": _WITHDRAW,
    "ConsentRequest": _CONSENT,
    "ResumeRequest": _RESUME,
    "HandoverRequest": _HANDOVER,
    "ReportRequest": _REPORT,
}
"""Root element → an example of the document."""
