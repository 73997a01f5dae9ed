package consent

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/consentry/consentry/report"
)

// Limits of a trust list. Consent format 1, 2.
const (
	maxTrustList  = 32 << 20
	maxListDepth  = 16
	maxIssuerKeys = 1000 // keys of one entry: one a month for eighty years
	// maxListNodes bounds the JSON values of a list: 200,000 subjects need less than half, and it costs 40 MB at most.
	maxListNodes = 500_000
)

var trustForm = formLimits{text: maxTrustList, json: jsonLimits{maxListDepth, maxListNodes}}

// TrustList says which issuers exist, with their keys, roles and subjects. The zero value trusts nobody.
// Consent format 1, 4.
type TrustList struct {
	Steward    string
	Sequence   int64
	Issued     time.Time
	NextUpdate time.Time // zero: none
	Entries    []*Issuer

	byID map[string]*Issuer
}

// Issuer is an entry of a trust list.
type Issuer struct {
	ID          string
	Name        string
	Roles       []string
	Keys        []*IssuerKey
	Mode        string // of its subjects: any, list, roster; empty: it speaks for nobody
	IDs         []string
	MaxLifetime *int64 // seconds
	Signers     []SignerMatch

	ids map[string]bool
}

// IssuerKey is a key of an issuer with its window: from NotBefore inclusive to Expires exclusive, seconds since 1970.
type IssuerKey struct {
	Kid       string
	Key       *Key // nil: of a type that the format does not allow
	NotBefore *int64
	Expires   *int64
	RevokedAt *int64
	Use       []string // nil: all
}

// SignerMatch names claim signers of a provider; every member must match. Consent format 1, 5.
type SignerMatch struct {
	DN      map[string]string
	SPKI    string
	Unknown bool // it asks for something else too, which cannot be held against a signer: it matches nobody
}

// Uses of an issuer's key.
const (
	UseToken    = "token"
	UseStatus   = "status"
	UseRegistry = "registry"
)

// Entry returns the issuer of an id, compared byte by byte; nil where the list has none, or is nil.
func (l *TrustList) Entry(id string) *Issuer {
	if l == nil {
		return nil
	}
	return l.byID[id]
}

// HasRole says whether the issuer has a role.
func (i *Issuer) HasRole(role string) bool { return i != nil && contains(i.Roles, role) }

// key returns the issuer's key of a kid.
func (i *Issuer) key(kid string) *IssuerKey {
	for _, k := range i.Keys {
		if k.Kid == kid {
			return k
		}
	}
	return nil
}

// window says whether a date lies in the key's window.
func (k *IssuerKey) window(at int64) bool {
	return (k.NotBefore == nil || at >= *k.NotBefore) && (k.Expires == nil || at < *k.Expires)
}

// permits says whether the key may be used so.
func (k *IssuerKey) permits(use string) bool { return k.Use == nil || contains(k.Use, use) }

// void says whether the revocation of the key voids a signature of that date: one made after it, and one made before
// it unless a trusted time-stamp shows that it existed by then. Consent format 1, 4.
func (k *IssuerKey) void(iat int64, t Time) bool {
	if k.RevokedAt == nil {
		return false
	}
	return iat >= *k.RevokedAt || t.Kind != "T2" || t.At.Unix() >= *k.RevokedAt
}

// ParseTrustList reads a trust list in JSON. Members that the format does not know are ignored; those that it knows
// must have its types. The error is a [*SyntaxError] with the path of the first that breaks the rules.
func ParseTrustList(text []byte) (*TrustList, error) {
	if len(text) > maxTrustList {
		return nil, &SyntaxError{Reason: "larger than the limit of " + strconv.Itoa(maxTrustList) + " bytes", Large: true}
	}
	v, err := parseJSON(string(text), "trust", trustForm.json)
	if err != nil {
		return nil, err
	}
	return trustListOf(v)
}

// OpenTrustList reads a signed trust list: a JWS that the steward's key must have signed.
func OpenTrustList(text string, steward *Key) (*TrustList, error) {
	c, err := parseCompact(text, trustForm)
	if err != nil {
		return nil, err
	}
	alg, typ := c.head("alg"), c.head("typ")
	if c.closed || typ != "consent-trust+jwt" {
		return nil, fmt.Errorf("the typ is not consent-trust+jwt")
	}
	if kid := c.head("kid"); steward == nil || steward.kid != "" && steward.kid != kid || !steward.verify(alg, c.input, c.signature) {
		return nil, fmt.Errorf("the steward's key did not sign it")
	}
	return trustListOf(c.payload)
}

// TrustInput is a trust list as the operator gives it.
type TrustInput struct {
	Text    []byte
	Steward *Key      // pinned: only a list that it signed is used; nil: the list is trusted because it was given
	Last    *int64    // the highest sequence seen before; nil: none was seen
	Now     time.Time // validation time
}

// LoadTrust reads a trust list and decides whether it is used. Where it is not, the list is nil, nobody is trusted,
// and a failure finding says why. Consent format 1, 4.
func LoadTrust(in TrustInput) (*TrustList, []report.Finding) {
	reject := func(code string, why error) (*TrustList, []report.Finding) {
		return nil, []report.Finding{report.Newf(code, "", "the consent trust list is not used: %v", why)}
	}
	text := bytes.TrimSpace(in.Text)
	var list *TrustList
	var err error
	switch signed := len(text) > 0 && text[0] != '{'; {
	case signed && in.Steward == nil:
		return reject("consent.trust.signatureInvalid", fmt.Errorf("it is signed, and no steward's key is pinned"))
	case signed:
		list, err = OpenTrustList(string(text), in.Steward)
	case in.Steward != nil:
		return reject("consent.trust.signatureInvalid", fmt.Errorf("a steward's key is pinned, and it is not signed"))
	default:
		list, err = ParseTrustList(text)
	}
	if err != nil {
		if s, ok := err.(*SyntaxError); ok && s.Large {
			return reject("consent.input.tooLarge", err)
		}
		return reject("consent.trust.signatureInvalid", err)
	}
	if in.Last != nil && list.Sequence < *in.Last {
		return reject("consent.trust.rollback", fmt.Errorf("its sequence is %d, and %d was seen before", list.Sequence, *in.Last))
	}
	if !list.NextUpdate.IsZero() && in.Now.After(list.NextUpdate) {
		return list, []report.Finding{report.Newf("consent.trust.stale", "", "a newer consent trust list was due on %s", list.NextUpdate.Format(time.RFC3339))}
	}
	return list, nil
}

func trustListOf(v value) (*TrustList, error) {
	m := &members{path: "trust", of: v}
	if v.kind != jsonObject {
		return nil, &SyntaxError{Path: m.path, Reason: "not a JSON object"}
	}
	if n, _ := v.get("v").integer(); n != 1 {
		m.bad("v", "not version 1")
	}
	l := &TrustList{Steward: m.text("steward"), Issued: m.time("issued"), NextUpdate: m.time("next_update"), byID: map[string]*Issuer{}}
	if n := m.integer("sequence"); n == nil || *n < 0 {
		m.bad("sequence", "not a sequence number")
	} else {
		l.Sequence = *n
	}
	entries := v.get("entries")
	if entries.kind != jsonArray {
		m.bad("entries", "not an array")
	}
	for i, e := range entries.items {
		em := &members{path: "trust.entries[" + strconv.Itoa(i) + "]", of: e}
		issuer := issuerOf(em)
		if l.byID[issuer.ID] != nil {
			em.bad("id", "an entry of this id stands before it")
		}
		m.take(em)
		l.Entries = append(l.Entries, issuer)
		l.byID[issuer.ID] = issuer
	}
	if m.err != nil {
		return nil, m.err
	}
	return l, nil
}

func issuerOf(m *members) *Issuer {
	i := &Issuer{ID: m.text("id"), Name: m.text("name"), Roles: m.list("roles"), MaxLifetime: m.integer("max_lifetime")}
	if i.ID == "" {
		m.bad("id", "not a URI")
	}
	if i.Roles == nil {
		m.bad("roles", "missing")
	}
	if i.MaxLifetime != nil && *i.MaxLifetime < 0 {
		m.bad("max_lifetime", "negative")
	}
	if s := m.object("subjects"); s != nil {
		i.Mode, i.IDs = s.text("mode"), s.list("ids")
		if i.Mode != "any" && i.Mode != "list" && i.Mode != "roster" {
			s.bad("mode", "not any, list or roster")
		}
		i.ids = make(map[string]bool, len(i.IDs))
		for _, id := range i.IDs {
			i.ids[id] = true
		}
		m.take(s)
	}
	if keys := m.of.get("keys"); keys.kind != absent && keys.kind != jsonArray {
		m.bad("keys", "not an array")
	} else {
		if len(keys.items) > maxIssuerKeys {
			m.bad("keys", "more than "+strconv.Itoa(maxIssuerKeys))
			return i
		}
		for n, item := range keys.items {
			km := &members{path: m.path + ".keys[" + strconv.Itoa(n) + "]", of: item}
			k := issuerKeyOf(km)
			if i.key(k.Kid) != nil {
				km.bad("kid", "a key of this kid stands before it")
			}
			m.take(km)
			i.Keys = append(i.Keys, k)
		}
	}
	if signers := m.of.get("signers"); signers.kind != absent && signers.kind != jsonArray {
		m.bad("signers", "not an array")
	} else {
		for n, item := range signers.items {
			sm := &members{path: m.path + ".signers[" + strconv.Itoa(n) + "]", of: item}
			i.Signers = append(i.Signers, signerMatchOf(sm))
			m.take(sm)
		}
	}
	return i
}

func issuerKeyOf(m *members) *IssuerKey {
	k := &IssuerKey{Kid: m.text("kid"), NotBefore: m.date("nbf"), Expires: m.date("exp"), Use: m.list("use")}
	if k.Kid == "" {
		m.bad("kid", "missing")
	}
	if m.of.get("revoked_at").kind != jsonNull {
		k.RevokedAt = m.date("revoked_at")
	}
	if j := m.object("jwk"); j == nil {
		m.bad("jwk", "missing")
	} else {
		k.Key, _ = keyOf(j.of) // one of another type is nil: it signs nothing, and the list is read on
	}
	return k
}

func signerMatchOf(m *members) SignerMatch {
	s := SignerMatch{SPKI: m.text("spki#S256")}
	if d := m.object("dn"); d != nil {
		s.DN = make(map[string]string, len(d.of.names))
		for _, n := range d.of.names {
			s.DN[n] = d.text(n)
		}
		if len(s.DN) == 0 {
			m.bad("dn", "empty: it would match every certificate")
		}
		m.take(d)
	}
	if len(m.of.names) == 0 {
		m.bad("dn", "an element without members")
	}
	for _, n := range m.of.names {
		s.Unknown = s.Unknown || n != "dn" && n != "spki#S256"
	}
	return s
}
