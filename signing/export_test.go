package signing

// The parsers, for the fuzz targets and the limits' tests.

// ParsedSign1 reads a COSE_Sign1 and gives back its four members.
func ParsedSign1(data []byte) (protected []byte, labels, unprotected int, detached bool, signature []byte, err error) {
	s, err := parseSign1(data)
	if err != nil {
		if s != nil {
			panic("a message beside an error")
		}
		return nil, 0, 0, false, nil, err
	}
	return s.rawProtected, len(s.protected), len(s.unprotected), s.detached, s.signature, nil
}

// ParsedToken reads a TimeStampToken and gives back its content and its time, and whether there was a token.
func ParsedToken(data []byte) (content []byte, certificates int, err error) {
	t, err := parseToken(data)
	if err != nil {
		if t != nil {
			panic("a token beside an error")
		}
		return nil, 0, err
	}
	return t.content, len(t.certificates), nil
}

// DER is derOf.
var DER = derOf

// ParsedCertificate reads a certificate.
func ParsedCertificate(der []byte) error {
	c, err := parseCertificate(der)
	if (c == nil) != (err != nil) {
		panic("neither or both of a certificate and an error")
	}
	return err
}

// ResponseToken is responseToken.
var ResponseToken = responseToken

// The limits.
const (
	MaxCOSE              = maxCOSE
	MaxChain             = maxChain
	MaxHeaders           = maxHeaders
	MaxCBORDepth         = maxCBORDepth
	MaxToken             = maxToken
	MaxBERDepth          = maxBERDepth
	MaxTokenCertificates = maxTokenCertificates
	MaxAttributes        = maxAttributes
	MaxStamps            = maxStamps
	MaxCertificate       = maxCertificate
	MaxExtensions        = maxExtensions
	MaxPath              = maxPath
	MaxPathChecks        = maxPathChecks
	MaxListCertificates  = maxListCertificates
	MaxRSABits           = maxRSABits
	MaxOCSP              = maxOCSP
	MaxOCSPSingles       = maxOCSPSingles
	MaxOCSPCertificates  = maxOCSPCertificates
	MaxOCSPExtensions    = maxOCSPExtensions
	MaxStapled           = maxStapled
	MaxOCSPChecks        = maxOCSPChecks
	MaxAddresses         = maxAddresses
)

// DIDWebAddress is where the document of a did:web lies.
func DIDWebAddress(did string) (string, error) { return didWebAddress(did) }

// Keys is the number of keys that a DID document has.
func (d *DIDDocument) Keys() int { return len(d.keys) }

// Spoken is the number of certificates that a response speaks of, and of those that it holds, and what is signed.
func (o *OCSP) Spoken() (singles, certificates int, signed []byte) {
	return len(o.singles), len(o.certificates), o.tbs
}

// Responders are the addresses of OCSP responders that a certificate names.
func Responders(der []byte) []string {
	c, err := parseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c.responders
}

// MLDSASeed reads a PKCS #8 key of ML-DSA and gives back its seed.
func MLDSASeed(der []byte) ([]byte, error) {
	k, err := latticePrivate(der)
	if err != nil {
		if k != nil {
			panic("a key beside an error")
		}
		return nil, err
	}
	return k.Bytes(), nil
}
