package signing

import (
	"bytes"
	"errors"
	"fmt"
)

// The places where a time-stamp comes from.
const (
	sourceHeader1   = "sigTst"
	sourceHeader2   = "sigTst2"
	sourceAssertion = "c2pa.time-stamp"
)

// maxStamps is how many tokens of c2pa.time-stamp assertions are tried for one signature: a store has one assertion a
// manifest, and stores in the field have at most a few manifests that stamp the same one again.
const maxStamps = 8

// stamps determines the time-stamp before anything else rests on time: the header's token, and where that is absent or
// failed, those of c2pa.time-stamp assertions. A token that fails is informational and never rejects the claim.
// C2PA 2.5, 14.8.2.
func (v *verification) stamps() {
	v2 := toBeSigned("CounterSignature", v.sign1.rawProtected, v.sign1.rawSignature)
	if raw, ok := v.sign1.unprotected[sourceHeader2]; ok {
		if tok, ok := v.header(sourceHeader2, raw); ok && v.token(tok, sourceHeader2, v2) {
			return
		}
	}
	if raw, ok := v.sign1.unprotected[sourceHeader1]; ok && !v.use.oldStamps {
		v.stampSays("timeStamp.malformed", "%s: a time-stamp of version 1 does not count here", sourceHeader1)
	} else if ok {
		if resp, ok := v.header(sourceHeader1, raw); ok {
			tok, err := responseToken(resp)
			if err != nil {
				v.stampSays("timeStamp.malformed", "%s: %v", sourceHeader1, err)
			} else if v.token(tok, sourceHeader1, toBeSigned("CounterSignature", v.sign1.rawProtected, v.in.Payload)) {
				return
			}
		}
	}
	for i, tok := range v.in.Stamps {
		if i == maxStamps {
			v.unsupported(fmt.Sprintf("more than %d time-stamp assertions for one signature", maxStamps))
			return
		}
		if v.token(tok, sourceAssertion, v2) {
			return
		}
	}
}

func (v *verification) stampSays(code, format string, args ...any) { v.say(code, format, args...) }

// header takes the one token out of sigTst or sigTst2.
func (v *verification) header(name string, raw []byte) ([]byte, bool) {
	list, err := tokens(raw)
	if err != nil {
		v.stampSays("timeStamp.malformed", "%s: %v", name, err)
		return nil, false
	}
	if len(list) != 1 {
		v.stampSays("timeStamp.malformed", "%s holds %d tokens, where one is wanted", name, len(list))
		return nil, false
	}
	return list[0], true
}

// token judges one token over what it should stamp and reports whether it is trusted. The steps are those of C2PA 2.5,
// 14.8.2, in its order.
func (v *verification) token(raw []byte, source string, stamped []byte) bool {
	v.r.Stamp = &Stamp{Source: source}
	t, err := parseToken(raw)
	if err != nil {
		v.stampSays("timeStamp.malformed", "%s: %v", source, err)
		return false
	}
	v.r.Stamp.Time = t.info.genTime
	s, digest, err := t.scheme()
	if err != nil {
		v.stampSays("timeStamp.untrusted", "%s: %v", source, err)
		return false
	}
	by := t.signer()
	if by == nil {
		v.stampSays("timeStamp.untrusted", "%s: the token does not hold the authority's certificate", source)
		return false
	}
	v.r.Stamp.Authority = by.name()
	v.r.Stamp.Certificate, _ = by.x509() // shown only; nil where crypto/x509 cannot read it
	switch err := t.verify(by, s, digest); {
	case errors.Is(err, errUnsupported):
		v.stampSays("timeStamp.untrusted", "%s: %v", source, err)
		return false
	case errors.Is(err, errNoDigest):
		v.stampSays("timeStamp.malformed", "%s: %v", source, err)
		return false
	case err != nil:
		v.stampSays("timeStamp.mismatch", "%s: %v", source, err)
		return false
	}
	if len(t.info.imprint) == 0 {
		v.stampSays("timeStamp.malformed", "%s: the messageImprint is empty", source)
		return false
	}
	hash, ok := hashOf(t.info.hash.oid)
	if !ok {
		v.stampSays("timeStamp.untrusted", "%s: the imprint's hash %s is not allowed", source, t.info.hash.oid)
		return false
	}
	h := hash.New()
	h.Write(stamped)
	if !bytes.Equal(h.Sum(nil), t.info.imprint) {
		v.stampSays("timeStamp.mismatch", "%s: the token is for other bytes", source)
		return false
	}
	return v.authority(t, by, source)
}

// authority judges the certificate that signed the token.
func (v *verification) authority(t *token, by *certificate, source string) bool {
	if t.info.critical {
		v.stampSays("timeStamp.untrusted", "%s: unsupported: the token has a critical extension", source)
		return false
	}
	if broken := by.profile(timeAuthority); len(broken) > 0 {
		v.stampSays("timeStamp.credentialInvalid", "%s: %q: %s", source, by.name(), broken[0])
		v.stampSays("timeStamp.untrusted", "%s: the authority's certificate breaks the profile", source)
		return false
	}
	find := search{pool: t.certificates, lists: v.trust.TSA, at: t.info.genTime, itself: true, accepts: func(*List) bool { return true }}
	p := find.find(by)
	if p == nil || !p.serves {
		for _, f := range find.foreign {
			v.unsupported("time-stamp authority: " + f)
		}
		v.stampSays("timeStamp.untrusted", "%s: %s", source, whyNot(by, &find, "time-stamp list"))
		return false
	}
	v.r.Stamp.List = p.list
	if !p.valid {
		for _, c := range p.certs {
			if !c.validAt(t.info.genTime) {
				v.stampSays("timeStamp.outsideValidity", "%s: %s is outside the validity of %q (%s to %s)", source,
					stampTime(t.info.genTime), c.name(), stampTime(c.notBefore), stampTime(c.notAfter))
				break
			}
		}
		return false
	}
	v.stampSays("timeStamp.trusted", "%q is under an anchor of %q", by.name(), p.list.Name)
	v.stampSays("timeStamp.validated", "%s says %s", source, stampTime(t.info.genTime))
	v.r.Stamp.Trusted = true
	v.r.At = t.info.genTime
	return true
}
