package signing

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// SyntaxError says where bytes are not what they should be.
type SyntaxError struct {
	Path   string // e.g. "COSE_Sign1/protected"
	Offset int64  // bytes from the start of what Path's first name stands for
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s, offset %d: %s", e.Path, e.Offset, e.Reason)
}

// Limits of a claim signature.
const (
	// maxCOSE is the largest signature box content that is read: boxes in the field are 10 to 25 kB, most of it
	// padding, and stapled responses add some more.
	maxCOSE = 1 << 20
	// maxChain is the number of certificates that an x5chain may hold: published hierarchies have at most 4.
	maxChain = 16
	// maxHeaders is the number of header parameters in one bucket.
	maxHeaders = 64
	// maxCBORDepth is the nesting of the headers: sigTst2 has 4 levels inside the array, OCSP staples as many.
	maxCBORDepth = 16
)

// strictCBOR rejects duplicate keys, invalid UTF-8 and trailing bytes; indefinite lengths are tolerated, as the bytes
// are verified as they came.
var strictCBOR = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  maxCBORDepth,
		MaxArrayElements: 4096,
		MaxMapPairs:      maxHeaders,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic("signing: " + err.Error()) // our own options
	}
	return mode
}()

// Header labels. RFC 9052, 3.1; RFC 9360; RFC 9597.
const (
	labelAlg       = 1
	labelCrit      = 2
	labelIAT       = 6
	labelCWTClaims = 15
	labelX5Chain   = 33
)

// rawItem is the encoding of a CBOR item: a part of the bytes that were decoded, where the library's own type copies it.
type rawItem []byte

// UnmarshalCBOR takes the item's bytes.
func (r *rawItem) UnmarshalCBOR(b []byte) error {
	*r = b[:len(b):len(b)]
	return nil
}

// headers is one bucket of header parameters: label (int64 or string) to the value's bytes.
type headers map[any]rawItem

// sign1 is a COSE_Sign1 as it was received.
//
//	COSE_Sign1_Tagged = #6.18([ protected: bstr .cbor map / h”, unprotected: map, payload: bstr / nil, signature: bstr ])
//
// RFC 9052, 4.2.
type sign1 struct {
	rawProtected []byte // content of the protected bstr
	protected    headers
	unprotected  headers
	detached     bool
	payload      []byte // attached payload; nil where detached
	signature    []byte
	rawSignature []byte // the signature's bstr with its head, as in the file
}

// parseSign1 reads COSE_Sign1_Tagged strictly; an error is a *SyntaxError.
func parseSign1(data []byte) (*sign1, error) {
	fail := func(path string, format string, args ...any) (*sign1, error) {
		return nil, &SyntaxError{Path: path, Reason: fmt.Sprintf(format, args...)}
	}
	if len(data) > maxCOSE {
		return fail("COSE_Sign1", "%d bytes are more than the %d that are read", len(data), maxCOSE)
	}
	if len(data) == 0 || data[0]>>5 != 6 {
		return fail("COSE_Sign1", "no COSE_Sign1_Tagged (CBOR tag 18)")
	}
	if err := strictCBOR.Wellformed(data); err != nil {
		return fail("COSE_Sign1", "%v", err)
	}
	tag, head := definite(data)
	if tag != 18 {
		return fail("COSE_Sign1", "CBOR tag %d, where 18 is wanted", tag)
	}
	content := data[head:]
	if content[0]>>5 != 4 {
		return fail("COSE_Sign1", "not an array")
	}
	var parts []rawItem
	if err := strictCBOR.Unmarshal(content, &parts); err != nil {
		return fail("COSE_Sign1", "%v", err)
	}
	if len(parts) != 4 {
		return fail("COSE_Sign1", "an array of %d, where 4 are wanted", len(parts))
	}
	s := &sign1{rawSignature: parts[3]}
	var err error
	if s.rawProtected, err = byteString(parts[0]); err != nil {
		return fail("COSE_Sign1/protected", "%v", err)
	}
	s.protected = headers{}
	if len(s.rawProtected) > 0 {
		if s.protected, err = parseHeaders(s.rawProtected); err != nil {
			return fail("COSE_Sign1/protected", "%v", err)
		}
	}
	if s.unprotected, err = parseHeaders(parts[1]); err != nil {
		return fail("COSE_Sign1/unprotected", "%v", err)
	}
	if s.detached = len(parts[2]) == 1 && parts[2][0] == 0xf6; !s.detached {
		if s.payload, err = byteString(parts[2]); err != nil {
			return fail("COSE_Sign1/payload", "neither nil nor a byte string")
		}
	}
	if s.signature, err = byteString(parts[3]); err != nil {
		return fail("COSE_Sign1/signature", "%v", err)
	}
	return s, nil
}

// byteString decodes a bstr and nothing that could be turned into one.
func byteString(raw rawItem) ([]byte, error) {
	if len(raw) == 0 || raw[0]>>5 != 2 {
		return nil, errors.New("no byte string")
	}
	// Of one definite length that fills it, as almost all are: what the decoder would copy.
	if n, head := definite(raw); head > 0 && n == uint64(len(raw)-head) {
		return raw[head:len(raw):len(raw)], nil
	}
	out := []byte{}
	if err := strictCBOR.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// definite reads the length in an item's head and how long that head is; 0: it is cut off, reserved or indefinite.
func definite(raw []byte) (n uint64, head int) {
	info := raw[0] & 31
	if info < 24 {
		return uint64(info), 1
	}
	head = 1 + 1<<(info-24)
	if info > 27 || len(raw) < head {
		return 0, 0
	}
	for _, b := range raw[1:head] {
		n = n<<8 | uint64(b)
	}
	return n, head
}

// parseHeaders reads one bucket: labels are integers or text, each once.
func parseHeaders(raw []byte) (headers, error) {
	if len(raw) == 0 || raw[0]>>5 != 5 {
		return nil, errors.New("no map")
	}
	var m map[any]rawItem
	if err := strictCBOR.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	h := make(headers, len(m))
	for k, v := range m {
		switch k := k.(type) {
		case uint64:
			if k > math.MaxInt64 {
				return nil, errors.New("a label beyond 64 bits")
			}
			h[int64(k)] = v
		case int64, string:
			h[k] = v
		default:
			return nil, fmt.Errorf("a label of type %T", k)
		}
	}
	return h, nil
}

// integer decodes a CBOR integer that fits in int64.
func integer(raw rawItem) (int64, bool) {
	if len(raw) == 0 || raw[0]>>5 > 1 {
		return 0, false
	}
	var n int64
	return n, strictCBOR.Unmarshal(raw, &n) == nil
}

// critical checks the crit parameter: every label that it names must be there, protected, and understood here.
// RFC 9052, 3.1.
func (s *sign1) critical() error {
	if _, ok := s.unprotected[int64(labelCrit)]; ok {
		return errors.New("crit is not protected")
	}
	raw, ok := s.protected[int64(labelCrit)]
	if !ok {
		return nil
	}
	if len(raw) == 0 || raw[0]>>5 != 4 {
		return errors.New("crit is not an array")
	}
	var labels []any
	if err := strictCBOR.Unmarshal(raw, &labels); err != nil {
		return fmt.Errorf("crit: %w", err)
	}
	if len(labels) == 0 {
		return errors.New("crit is empty")
	}
	for _, l := range labels {
		var label any
		switch l := l.(type) {
		case uint64:
			if l > math.MaxInt64 {
				return errors.New("crit names a label beyond 64 bits")
			}
			label = int64(l)
		case int64, string:
			label = l
		default:
			return fmt.Errorf("crit holds a %T", l)
		}
		if _, ok := s.protected[label]; !ok {
			return fmt.Errorf("crit names %q, which is not in the protected header", fmt.Sprint(label))
		}
		switch label {
		case int64(labelAlg), int64(labelX5Chain), int64(labelCWTClaims), "x5chain", "iat":
		default:
			return fmt.Errorf("the header %q is critical and not understood", fmt.Sprint(label))
		}
	}
	return nil
}

// alg returns the number in the protected alg parameter. A text or a missing alg is ok == false.
func (s *sign1) alg() (n int64, ok bool, said string) {
	raw, ok := s.protected[int64(labelAlg)]
	if !ok {
		if _, there := s.unprotected[int64(labelAlg)]; there {
			return 0, false, "alg stands in the unprotected header only"
		}
		return 0, false, "there is no alg"
	}
	n, ok = integer(raw)
	if !ok {
		return 0, false, "alg is not a number"
	}
	return n, true, ""
}

// errCredential is the reason for which the x5chain names no signer, or more than one.
type errCredential string

func (e errCredential) Error() string { return string(e) }

// chain returns the DER of the x5chain's certificates, the signer first, and whether the chain is protected.
// C2PA 2.5, 14.7.2: the same label in both buckets is two credentials; where both labels are used, 33 counts.
func (s *sign1) chain() (ders [][]byte, protected bool, err error) {
	for _, label := range []any{int64(labelX5Chain), "x5chain"} {
		raw, inProtected := s.protected[label]
		other, inUnprotected := s.unprotected[label]
		switch {
		case inProtected && inUnprotected:
			return nil, false, errCredential("x5chain is in both headers: two credentials")
		case inProtected:
			ders, err = chainValue(raw)
			return ders, true, err
		case inUnprotected:
			ders, err = chainValue(other)
			return ders, false, err
		}
	}
	return nil, false, errCredential("there is no x5chain")
}

// chainValue reads COSE_X509 = bstr / [ 2*certs: bstr ]; an array of one is tolerated. RFC 9360, 2.
func chainValue(raw rawItem) ([][]byte, error) {
	if len(raw) > 0 && raw[0]>>5 == 2 {
		der, err := byteString(raw)
		if err != nil {
			return nil, errCredential("x5chain: " + err.Error())
		}
		return [][]byte{der}, nil
	}
	if len(raw) == 0 || raw[0]>>5 != 4 {
		return nil, errCredential("x5chain is neither a byte string nor an array")
	}
	var parts []rawItem
	if err := strictCBOR.Unmarshal(raw, &parts); err != nil {
		return nil, errCredential("x5chain: " + err.Error())
	}
	if len(parts) == 0 {
		return nil, errCredential("x5chain is empty")
	}
	if len(parts) > maxChain {
		return nil, errCredential(fmt.Sprintf("x5chain holds %d certificates, more than the %d that are read", len(parts), maxChain))
	}
	ders := make([][]byte, 0, len(parts))
	for i, p := range parts {
		der, err := byteString(p)
		if err != nil {
			return nil, errCredential(fmt.Sprintf("x5chain[%d]: %v", i, err))
		}
		ders = append(ders, der)
	}
	return ders, nil
}

// claimed returns the claimed signing time, iat. The specification does not spell the label out: text "iat", key 6 of
// the CWT claims (RFC 9597), and a bare 6 that holds a number are read, in this order. C2PA 2.5, 12.3.
func (s *sign1) claimed() *time.Time {
	if t := numericDate(s.protected["iat"]); t != nil {
		return t
	}
	if raw, ok := s.protected[int64(labelCWTClaims)]; ok {
		if claims, err := parseHeaders(raw); err == nil {
			if t := numericDate(claims[int64(labelIAT)]); t != nil {
				return t
			}
		}
	}
	return numericDate(s.protected[int64(labelIAT)])
}

// numericDate reads seconds since 1970 between the years 1970 and 9999; nil: it is none.
func numericDate(raw rawItem) *time.Time {
	const end = 253402300799 // 9999-12-31T23:59:59Z
	if len(raw) == 0 {
		return nil
	}
	var t time.Time
	if n, ok := integer(raw); ok {
		if n < 0 || n > end {
			return nil
		}
		t = time.Unix(n, 0).UTC()
	} else {
		if raw[0]>>5 != 7 {
			return nil
		}
		var f float64
		if strictCBOR.Unmarshal(raw, &f) != nil || !(f >= 0 && f <= end) || (len(raw) == 1) {
			return nil
		}
		sec, frac := math.Modf(f)
		t = time.Unix(int64(sec), int64(frac*1e9)).UTC()
	}
	return &t
}

// toBeSigned builds a Sig_structure from the protected bytes as they were received.
//
//	Sig_structure = [ context: tstr, body_protected: bstr, external_aad: bstr, payload: bstr ]
//
// RFC 9052, 4.4.
func toBeSigned(context string, protected, payload []byte) []byte {
	out := make([]byte, 0, len(context)+len(protected)+len(payload)+32)
	out = append(out, 0x84)
	out = appendHead(out, 3, len(context))
	out = append(out, context...)
	out = appendHead(out, 2, len(protected))
	out = append(out, protected...)
	out = append(out, 0x40)
	out = appendHead(out, 2, len(payload))
	return append(out, payload...)
}

// appendHead appends the shortest CBOR head of the major type with the length.
func appendHead(b []byte, major byte, n int) []byte {
	switch m := major << 5; {
	case n < 24:
		return append(b, m|byte(n))
	case n <= math.MaxUint8:
		return append(b, m|24, byte(n))
	case n <= math.MaxUint16:
		return append(b, m|25, byte(n>>8), byte(n))
	default:
		return append(b, m|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// tokens reads the value of sigTst or sigTst2: { tstTokens: [ 1* { val: bstr } ] }. C2PA 2.5, 10.3.2.5.
func tokens(raw rawItem) ([][]byte, error) {
	m, err := parseHeaders(raw)
	if err != nil {
		return nil, err
	}
	list, ok := m["tstTokens"]
	if !ok || len(list) == 0 || list[0]>>5 != 4 {
		return nil, errors.New("no array tstTokens")
	}
	var items []rawItem
	if err := strictCBOR.Unmarshal(list, &items); err != nil {
		return nil, err
	}
	out := make([][]byte, 0, len(items))
	for _, item := range items {
		entry, err := parseHeaders(item)
		if err != nil {
			return nil, err
		}
		val, err := byteString(entry["val"])
		if err != nil {
			return nil, fmt.Errorf("val: %w", err)
		}
		out = append(out, val)
	}
	return out, nil
}
