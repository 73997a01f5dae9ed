package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
)

// Limits of a registry bundle. Consent format 1, 2.
const (
	maxBundle       = 32 << 20 // bytes
	maxRoster       = 200_000
	maxOrders       = 10_000
	maxBundleDepth  = 8
	maxBundleNodes  = 2_000_000 // 200,000 roster entries of four values, their objects, and room for orders
	rosterHashBytes = 16
)

var bundleForm = formLimits{text: maxBundle, json: jsonLimits{maxBundleDepth, maxBundleNodes}}

// Registry is a verified registry bundle: who is represented when, which standing orders hold, what was revoked.
// Consent format 1, 7.
type Registry struct {
	name       string // what the operator calls it; may be empty
	issuer     *Issuer
	key        string // thumbprint of the one that signed
	sequence   int64
	issued     time.Time
	nextUpdate time.Time
	digest     string // SHA-256 of the bundle's text, base64url
	salt       []byte
	names      map[string][]stay // roster by scheme:id
	hashes     map[string][]stay // roster by the salted hash
	orders     []order
	events     map[string]revocation // by jti
}

// stay is a time on the roster: from inclusive, until exclusive; a zero until is open.
type stay struct{ from, until time.Time }

func (s stay) holds(at time.Time) bool {
	return !at.Before(s.from) && (s.until.IsZero() || at.Before(s.until))
}

// order is a standing order. Consent format 1, 7.
type order struct {
	name, override string
	selector       string          // roster, ids, hash
	ids            map[string]bool // of the selector: scheme:id, or hashes
	providers      []string
	operation      []string
	modality       []string
	span           stay
}

// registries are the bundles that are used: of each issuer the one of the highest sequence.
type registries struct {
	byIssuer map[string]*Registry
	issuers  []string   // sorted, so that nothing depends on a map's order
	records  []*Records // of RSL-MEDIA
	findings []report.Finding
	now      time.Time // that they were opened for
}

// openRegistries reads the bundles at hand. One that does not verify is not used, and a finding says so.
func openRegistries(trust *Trust, now time.Time) *registries {
	r := &registries{byIssuer: map[string]*Registry{}, now: now}
	for i, text := range trust.Registries {
		if strings.HasPrefix(text, "<") {
			r.openRecords(i, trust.registryName(i), text)
			continue
		}
		name := trust.registryName(i)
		b, err := openRegistry(text, trust.List, now)
		if err != nil {
			f := report.Newf(orTooLarge("consent.registry.signatureInvalid", err), "", "the registry bundle%s is not used: %v", name, err)
			f.Where = indexed("registries", i)
			r.findings = append(r.findings, f)
			continue
		}
		if last := b.seen(trust.Seen); b.sequence < last {
			f := report.Newf("consent.trust.rollback", "", "the registry bundle%s of %q with the sequence %d is not used: one with %d was seen before", name, clip(b.issuer.ID), b.sequence, last)
			f.Where = indexed("registries", i)
			r.findings = append(r.findings, f)
			continue
		}
		if old := r.byIssuer[b.issuer.ID]; old != nil && (old.sequence > b.sequence || old.sequence == b.sequence && old.digest <= b.digest) {
			continue
		}
		b.name = name
		r.byIssuer[b.issuer.ID] = b
	}
	r.issuers = slices.Sorted(maps.Keys(r.byIssuer))
	for _, id := range r.issuers {
		if b := r.byIssuer[id]; !b.nextUpdate.IsZero() && now.After(b.nextUpdate) {
			r.findings = append(r.findings, report.Newf("consent.trust.stale", "", "a newer bundle of %q was due on %s", clip(id), b.nextUpdate.Format(time.RFC3339)))
		}
	}
	return r
}

// registryName is the name of a bundle or a document with a blank in front; empty: it has none. It is the operator's
// word and stands without quotes, which are for the words of files.
func (t *Trust) registryName(i int) string {
	if i >= len(t.RegistryNames) || t.RegistryNames[i] == "" {
		return ""
	}
	return " " + clip(t.RegistryNames[i])
}

// openRecords reads an RSL-MEDIA document at hand.
func (r *registries) openRecords(i int, name, text string) {
	records, err := ParseRecords([]byte(text))
	if err == nil {
		r.records = append(r.records, records)
		return
	}
	f := report.Newf(orTooLarge("consent.registry.unreadable", err), "", "the RSL-MEDIA document%s is not used: %v", name, err)
	f.Where = indexed("registries", i)
	r.findings = append(r.findings, f)
}

// orTooLarge is the code of what could not be read, or that of a limit.
func orTooLarge(code string, err error) string {
	var bad *SyntaxError
	if errors.As(err, &bad) && bad.Large {
		return "consent.input.tooLarge"
	}
	return code
}

// seen is the highest sequence seen before of a bundle that one of the issuer's keys signed; 0: none was seen. A bundle
// by another key, which may have borne the issuer's name in another trust list, says nothing here.
func (b *Registry) seen(before map[string]int64) (last int64) {
	for _, k := range b.issuer.Keys {
		if k.Key != nil {
			last = max(last, before[b.issuer.ID+" "+k.Key.Thumbprint()])
		}
	}
	return last
}

// openRegistry verifies a bundle: form, typ, an issuer of the trust list, a key of it for registries, the signature.
func openRegistry(text string, list *TrustList, now time.Time) (*Registry, error) {
	c, bad := parseCompact(text, bundleForm)
	if bad != nil {
		return nil, bad
	}
	if c.closed || c.head("typ") != "consent-registry+jwt" {
		return nil, &SyntaxError{Path: "header.typ", Reason: "not consent-registry+jwt"}
	}
	issuer := list.Entry(c.payload.get("iss").text)
	if issuer == nil {
		return nil, fmt.Errorf("its issuer %q is on no consent trust list", clip(c.payload.get("iss").text))
	}
	m := &members{path: "payload", of: c.payload}
	iat := m.date("iat")
	if iat == nil || *iat > now.Unix()+skew {
		m.bad("iat", "missing, or in the future")
	}
	if m.err != nil {
		return nil, m.err
	}
	key := issuer.key(c.head("kid"))
	switch alg := c.head("alg"); {
	case key == nil || !key.permits(UseRegistry) || !key.window(*iat):
		return nil, fmt.Errorf("%q has no key %q for registries", clip(issuer.ID), clip(c.head("kid")))
	case key.void(*iat, Time{}): // no time-stamp shows when a bundle was signed
		return nil, fmt.Errorf("the key %q of %q was revoked", clip(key.Kid), clip(issuer.ID))
	case !key.Key.verify(alg, c.input, c.signature):
		return nil, fmt.Errorf("the signature does not verify with the key of %q", clip(issuer.ID))
	}
	b := newRegistry(issuer, text)
	b.key, b.issued = key.Key.Thumbprint(), time.Unix(*iat, 0)
	b.decode(m)
	if m.err != nil {
		return nil, m.err
	}
	return b, nil
}

func newRegistry(issuer *Issuer, text string) *Registry {
	sum := sha256.Sum256([]byte(text))
	return &Registry{
		issuer: issuer, digest: base64.RawURLEncoding.EncodeToString(sum[:]),
		names: map[string][]stay{}, hashes: map[string][]stay{}, events: map[string]revocation{},
	}
}

// decode reads the members of a bundle.
func (b *Registry) decode(m *members) {
	if n := m.integer("sequence"); n == nil || *n < 0 {
		m.bad("sequence", "not a sequence number")
	} else {
		b.sequence = *n
	}
	b.nextUpdate = m.time("next_update")
	var ok bool
	if b.salt, ok = decodePart(m.text("salt")); !ok {
		m.bad("salt", "not base64url")
	}
	for _, list := range []struct {
		name string
		most int
		read func(*members)
	}{{"roster", maxRoster, b.decodeStay}, {"orders", maxOrders, b.decodeOrder}, {"revocations", maxRoster, b.decodeEvent}} {
		v := m.of.get(list.name)
		if v.kind == absent {
			continue
		}
		if v.kind != jsonArray {
			m.bad(list.name, "not an array")
			return
		}
		if len(v.items) > list.most {
			m.bad(list.name, fmt.Sprintf("%d entries; the limit is %d", len(v.items), list.most))
			m.err.Large = true
			return
		}
		if list.name == "roster" { // of 200,000 entries at most, counted above
			if hashed := len(v.items) > 0 && v.items[0].get("h").kind == jsonString; hashed {
				b.hashes = make(map[string][]stay, len(v.items))
			} else {
				b.names = make(map[string][]stay, len(v.items))
			}
		}
		for i, item := range v.items {
			inner := members{of: item}
			if item.kind != jsonObject {
				inner.err = &SyntaxError{Reason: "not an object"}
			} else {
				list.read(&inner)
			}
			if inner.err != nil {
				inner.err.Path = m.path + "." + indexed(list.name, i) + inner.err.Path
				m.take(&inner)
				return
			}
		}
	}
}

func (b *Registry) decodeStay(m *members) {
	s := stay{from: m.time("from"), until: optional(m, "until")}
	if s.from.IsZero() {
		m.bad("from", "missing")
	}
	if h := m.text("h"); h != "" {
		b.hashes[h] = append(b.hashes[h], s)
		return
	}
	scheme, id := m.text("scheme"), m.text("id")
	if scheme == "" || id == "" {
		m.bad("id", "neither scheme and id nor a hash")
	}
	name := openSubject{scheme, id}.String()
	b.names[name] = append(b.names[name], s)
}

// optional reads a time that may be absent or null.
func optional(m *members, name string) time.Time {
	if m.of.get(name).kind == jsonNull {
		return time.Time{}
	}
	return m.time(name)
}

func (b *Registry) decodeOrder(m *members) {
	o := order{
		name: m.text("order"), override: m.text("override"), providers: m.list("providers"), operation: m.list("operation"),
		modality: m.list("modality"), span: stay{optional(m, "effective_from"), optional(m, "effective_until")}, ids: map[string]bool{},
	}
	if m.text("decision") != "prohibit" {
		m.bad("decision", "not prohibit")
	}
	if o.override != "grant" && o.override != "self" && o.override != "none" {
		m.bad("override", "not grant, self or none")
	}
	if s := m.object("subjects"); s == nil {
		m.bad("subjects", "missing")
	} else {
		o.selector = s.text("select")
		var list []string
		switch o.selector {
		case "roster":
		case "ids":
			list = s.list("ids")
		case "hash":
			list = s.list("hashes")
		default:
			s.bad("select", "not roster, ids or hash")
		}
		for _, id := range list {
			o.ids[id] = true
		}
		m.take(s)
	}
	b.orders = append(b.orders, o)
}

func (b *Registry) decodeEvent(m *members) {
	if iss := m.text("iss"); iss != "" && iss != b.issuer.ID {
		return // a bundle speaks of its own issuer's tokens only
	}
	e := revocation{at: m.time("at")}
	switch m.text("effect") {
	case "revoke":
	case "suspend":
		e.suspend = true
	default:
		m.bad("effect", "neither revoke nor suspend")
	}
	jti := m.text("jti")
	if jti == "" || e.at.IsZero() {
		m.bad("jti", "jti or at is missing")
	}
	// Of two events of one token a revocation counts before a suspension, and the earlier before the later.
	if old, twice := b.events[jti]; twice && (!old.suspend && e.suspend || old.suspend == e.suspend && !e.at.Before(old.at)) {
		return
	}
	b.events[jti] = e
}

// hash is a subject's salted hash. Consent format 1, 7 (roster entry).
func (b *Registry) hash(s openSubject) string {
	h := sha256.New()
	h.Write(b.salt)
	h.Write([]byte(s.scheme))
	h.Write([]byte{0})
	h.Write([]byte(s.id))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:rosterHashBytes])
}

// holds says whether the roster holds a subject at a time.
func (b *Registry) holds(s openSubject, at time.Time) bool {
	in := func(x stay) bool { return x.holds(at) }
	return slices.ContainsFunc(b.names[s.String()], in) || len(b.hashes) > 0 && slices.ContainsFunc(b.hashes[b.hash(s)], in)
}

// roster says whether the issuer's own verified roster holds the subject at a time.
func (r *registries) roster(issuer string, s openSubject, at time.Time) bool {
	b := r.byIssuer[issuer]
	return b != nil && b.holds(s, at)
}

// revocation finds the event of a token of the issuer.
func (r *registries) revocation(issuer, jti string) *revocation {
	if b := r.byIssuer[issuer]; b != nil {
		if e, ok := b.events[jti]; ok {
			return &e
		}
	}
	return nil
}
