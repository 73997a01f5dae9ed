package consent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxClaims bounds a description of a token in bytes: what is minted must fit into 16 KiB anyway.
const maxClaims = 64 << 10

// MintInput is what a token is made of.
type MintInput struct {
	// Claims describe the token's payload, in JSON or YAML: the members of the format. iat and jti are filled in where
	// they are missing; iat, nbf and exp may be written as RFC 3339 times, as days, or as spans from now such as +90d or
	// +12h. A description with the member `delegate` makes a delegation.
	Claims []byte
	Key    *PrivateKey
	Kid    string // empty: the key's own, or its RFC 7638 thumbprint
	// Disclose names members to disclose selectively (sub, consent.licence, …); with any, the token is an SD-JWT.
	Disclose []string
	Now      time.Time
	Random   io.Reader // for jti and salts; nil: the system's
}

// Mint makes a token (a grant, a clearance, a refusal or a delegation) and signs it. What our own verifier would not
// accept in any file is refused, with the reasons; the error is then a [*RefusedError].
func Mint(in MintInput) (string, error) {
	if in.Random == nil {
		in.Random = rand.Reader
	}
	payload, err := readDescription(in.Claims, "claims", maxClaims, tokenJSON)
	if err != nil {
		return "", err
	}
	if payload, err = complete(payload, in); err != nil {
		return "", err
	}
	typ := "consent+jwt"
	if payload.get("delegate").kind != absent {
		typ = "consent-delegation+jwt"
	}
	kid := kidOf(in.Kid, in.Key)
	var disclosures []string
	if len(in.Disclose) > 0 {
		if typ != "consent+jwt" {
			return "", refuseToken("only a token can have disclosures")
		}
		typ = "consent+sd-jwt"
		if payload, disclosures, err = hide(payload, in.Disclose, in.Random); err != nil {
			return "", err
		}
	}
	raw, err := signCompact(typ, kid, payload, in.Key)
	if err != nil {
		return "", err
	}
	if typ == "consent+sd-jwt" {
		raw += "~" + strings.Join(append(disclosures, ""), "~")
	}
	if typ == "consent-delegation+jwt" {
		err = lintDelegation(raw)
	} else {
		err = lintToken(raw, in.Key, kid, in.Now)
	}
	if err != nil {
		return "", err
	}
	return raw, nil
}

// signCompact signs a payload. The header holds what the format needs and nothing else.
func signCompact(typ, kid string, payload value, key *PrivateKey) (string, error) {
	text := func(s string) value { return value{kind: jsonString, text: s} }
	header := value{kind: jsonObject, names: []string{"alg", "typ", "kid"}, items: []value{text(key.Alg()), text(typ), text(kid)}}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(header.encode(nil)) + "." + encode(payload.encode(nil))
	sig, err := key.sign(input)
	if err != nil {
		return "", err
	}
	return input + "." + encode(sig), nil
}

// with returns an object with a member set, in its place or at the end.
func (v value) with(name string, item value) value {
	for i, n := range v.names {
		if n == name {
			items := append([]value(nil), v.items...)
			items[i] = item
			return value{kind: v.kind, names: v.names, items: items}
		}
	}
	v.names = append(v.names[:len(v.names):len(v.names)], name)
	v.items = append(v.items[:len(v.items):len(v.items)], item)
	return v
}

// without returns an object without a member.
func (v value) without(name string) value {
	out := value{kind: v.kind}
	for i, n := range v.names {
		if n != name {
			out.names, out.items = append(out.names, n), append(out.items, v.items[i])
		}
	}
	return out
}

// complete turns dates into integers and adds iat and jti.
func complete(payload value, in MintInput) (value, error) {
	for _, name := range []string{"iat", "nbf", "exp"} {
		v := payload.get(name)
		if v.kind != jsonString {
			continue
		}
		at, ok := readDate(v.text, in.Now)
		if !ok {
			return value{}, &SyntaxError{Path: "claims." + name, Reason: fmt.Sprintf("%q is no RFC 3339 time, no day and no span such as +90d", clip(v.text))}
		}
		payload = payload.with(name, value{kind: jsonNumber, text: strconv.FormatInt(at.Unix(), 10)})
	}
	if payload.get("iat").kind == absent {
		payload = payload.with("iat", value{kind: jsonNumber, text: strconv.FormatInt(in.Now.Unix(), 10)})
	}
	if payload.get("jti").kind == absent {
		b := make([]byte, 16)
		if _, err := io.ReadFull(in.Random, b); err != nil {
			return value{}, err
		}
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
		h := hex.EncodeToString(b)
		payload = payload.with("jti", value{kind: jsonString, text: "urn:uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]})
	}
	return payload, nil
}

// hide moves members into disclosures. Only what the format lets hide may be named. Consent format 1, 3.1.
func hide(payload value, names []string, random io.Reader) (value, []string, error) {
	var disclosures []string
	digest := func(of value, name string) (value, string, error) {
		item := of.get(name)
		if item.kind == absent {
			return value{}, "", refuseToken(fmt.Sprintf("%q is to be disclosed, and is not there", clip(name)))
		}
		salt := make([]byte, 16)
		if _, err := io.ReadFull(random, salt); err != nil {
			return value{}, "", err
		}
		d := value{kind: jsonArray, items: []value{
			{kind: jsonString, text: base64.RawURLEncoding.EncodeToString(salt)}, {kind: jsonString, text: name}, item,
		}}
		text := base64.RawURLEncoding.EncodeToString(d.encode(nil))
		disclosures = append(disclosures, text)
		sum := sha256.Sum256([]byte(text))
		return of.without(name), base64.RawURLEncoding.EncodeToString(sum[:]), nil
	}
	add := func(of value, d string) value {
		sd := of.get("_sd")
		return of.with("_sd", value{kind: jsonArray, items: append(sd.items[:len(sd.items):len(sd.items)], value{kind: jsonString, text: d})})
	}
	for _, full := range names {
		scope := payload.get("consent")
		name, inner := strings.CutPrefix(full, "consent.")
		if !inner && tokenMembers[full] && !tokenDisclosable[full] || inner && scopeMembers[name] && !scopeDisclosable[name] || full == "_sd" || full == "..." {
			return value{}, nil, refuseToken(fmt.Sprintf("%q limits the token: it must be visible", clip(full)))
		}
		of, d, err := payload, "", error(nil)
		if inner {
			of = scope
		}
		if of, d, err = digest(of, name); err != nil {
			return value{}, nil, err
		}
		if of = add(of, d); inner {
			payload = payload.with("consent", of)
		} else {
			payload = of
		}
	}
	return payload, disclosures, nil
}

// lintToken holds a new token against everything that does not depend on the file that it will stand in.
func lintToken(raw string, key *PrivateKey, kid string, now time.Time) error {
	form, bad := parseCompact(raw, tokenForm)
	if bad != nil {
		return bad
	}
	t, bad := decodeToken(form.header, form.payload)
	if bad != nil {
		return bad
	}
	var reasons []string
	// A trust list that lets the issuer do what its authority may: what the real list lets it do is not known here.
	issuer := &Issuer{ID: t.Issuer, Mode: "any", Keys: []*IssuerKey{{Kid: kid, Key: key.Public}}}
	if t.Consent != nil {
		for name, r := range roles {
			if r.authority == t.Consent.Authority {
				issuer.Roles = []string{name}
			}
		}
	}
	c := &checker{
		now: now, t: Time{Kind: "T0"}, statusPolicy: StatusIgnore, standalone: true,
		trust: &TrustList{Entries: []*Issuer{issuer}, byID: map[string]*Issuer{t.Issuer: issuer}},
	}
	lent := t.Consent != nil && t.Consent.Chain != nil
	if lent {
		// Who stands at the root is for the trust list to say; the last delegate must be this key.
		reasons = lintChain(t, key.Public)
		r := &reading{text: raw, token: t, issuer: issuer}
		if form.closed {
			r.disclose(form)
		}
		r.verified = form.header.get("kid").text == kid && len(r.findings) == 0 && key.Public.verify(t.Alg, form.input, form.signature)
		c.read = map[string]*reading{raw: r}
	}
	r := c.check(tokenInput{raw: raw})
	for _, f := range r.findings {
		counted := contains(r.atGeneration.failures, f.Code) || contains(r.atNow.failures, f.Code)
		// With a chain the authority may be the root's, and a studio may grant.
		if counted && !(lent && (f.Code == "consent.delegation.missing" || f.Code == "consent.issuer.roleNotPermitted")) {
			reasons = append(reasons, f.Code+": "+f.Explanation)
		}
	}
	if t.Consent != nil && len(t.Consent.PermitContent) > 0 && (t.Consent.Authority != "self" || t.Consent.Custody != "self" || t.Consent.SubjectStatus != "adult") {
		reasons = append(reasons, "consent.permit_content permits nothing: only an adult permits intimate content, alone and with a key of their own")
	}
	if len(reasons) > 0 {
		return refuseToken(reasons...)
	}
	return nil
}

// lintChain holds the last link of a chain against the token and its key.
func lintChain(t *Token, key *Key) []string {
	if n := len(t.Consent.Chain); n == 0 || n > maxLinks {
		return []string{fmt.Sprintf("a chain has 1 to %d links, not %d", maxLinks, n)}
	}
	var last *link
	for i, text := range t.Consent.Chain {
		l, err := parseLink(text)
		if err != nil {
			return []string{fmt.Sprintf("link %d of the chain: %v", i, err)}
		}
		last = l
	}
	var reasons []string
	if last.delegate != t.Issuer || last.key.canonical() != key.canonical() {
		reasons = append(reasons, "the chain ends at another delegate, or another key, than the one that signs")
	}
	if t.Expires != nil && *t.Expires > last.exp || !t.Consent.within(last.scope) {
		reasons = append(reasons, "the token grants more than was delegated, or for longer")
	}
	return reasons
}

func lintDelegation(raw string) error {
	l, bad := parseLink(raw)
	if bad != nil {
		return bad
	}
	var reasons []string
	if l.maxDepth < 1 || l.maxDepth > maxLinks {
		reasons = append(reasons, fmt.Sprintf("max_depth is 1 to %d", maxLinks))
	}
	if l.exp <= l.iat {
		reasons = append(reasons, "it ends before it begins")
	}
	if l.iss == l.delegate {
		reasons = append(reasons, "it delegates to its own issuer")
	}
	if len(l.scope.Modality) == 0 || len(l.scope.Operation) == 0 || len(l.scope.Purpose) == 0 {
		reasons = append(reasons, "without modality, operation and purpose it delegates nothing")
	}
	if len(reasons) > 0 {
		return refuseToken(reasons...)
	}
	return nil
}
