package consent

import (
	"bytes"
	"compress/zlib"
	"io"
	"math"
)

// Limits of status lists. Consent format 1, 6.
const (
	maxStatusInflated = 4 << 20 // bytes of a list once inflated: 2^24 tokens of two bits
	// maxStatusText is larger than the base64url, twice, of 4 MiB that do not compress.
	maxStatusText  = 8 << 20
	maxStatusNodes = 4096
	maxStatusLists = 10_000 // lists at hand
	// maxStatusKept bounds what is kept inflated, so that many lists cost no more memory than a few.
	maxStatusKept = 32 << 20
)

var statusForm = formLimits{text: maxStatusText, json: jsonLimits{maxTokenDepth, maxStatusNodes}}

// Values of a list. Consent format 1, 6.
const (
	statusValid     = 0
	statusInvalid   = 1
	statusSuspended = 2
)

// statusLists are the status list tokens at hand, by the URI that they are for. Nothing in them is verified until a
// token asks.
type statusLists struct {
	byURI map[string][]*statusList
	kept  int // bytes kept inflated
}

// newStatusLists indexes status list tokens. Those that break the rules of form are left out: they are as none.
func newStatusLists(tokens []string) *statusLists {
	s := &statusLists{byURI: map[string][]*statusList{}}
	for i, raw := range tokens {
		if i == maxStatusLists {
			break
		}
		if l, err := parseStatusList(raw); err == nil {
			s.byURI[l.uri] = append(s.byURI[l.uri], l)
		}
	}
	return s
}

// statusList is a status list token whose form holds (draft-ietf-oauth-status-list-21, 5).
type statusList struct {
	c        *compact
	alg, kid string
	uri      string // sub
	iat      int64
	until    int64 // fresh until, exclusive
	bits     int64
	deflated []byte

	signers map[string]bool // issuer id → verified
	data    []byte          // inflated; nil: not kept
	large   bool            // inflates to more than the limit
	broken  bool            // does not inflate
}

// parseStatusList reads a status list token. It checks no signature.
func parseStatusList(raw string) (*statusList, *SyntaxError) {
	c, err := parseCompact(raw, statusForm)
	if err != nil {
		return nil, err
	}
	if c.closed || c.head("typ") != "statuslist+jwt" {
		return nil, &SyntaxError{Path: "header.typ", Reason: "not statuslist+jwt"}
	}
	m := &members{path: "payload", of: c.payload}
	l := &statusList{c: c, alg: c.head("alg"), kid: c.head("kid"), uri: m.text("sub"), until: math.MaxInt64, signers: map[string]bool{}}
	if l.uri == "" {
		m.bad("sub", "missing")
	}
	iat, exp, ttl := m.date("iat"), m.date("exp"), m.integer("ttl")
	if iat == nil {
		m.bad("iat", "missing")
	} else {
		l.iat = *iat
	}
	if exp == nil && ttl == nil {
		m.bad("exp", "neither exp nor ttl: nobody can tell how long the list holds")
	}
	if exp != nil {
		l.until = *exp
	}
	if ttl != nil {
		if *ttl < 0 || *ttl > maxDate {
			m.bad("ttl", "not a span of seconds")
		}
		l.until = min(l.until, l.iat+*ttl)
	}
	s := m.object("status_list")
	if s == nil {
		m.bad("status_list", "missing")
	} else {
		if bits := s.integer("bits"); bits == nil || *bits != 1 && *bits != 2 && *bits != 4 && *bits != 8 {
			s.bad("bits", "not 1, 2, 4 or 8")
		} else {
			l.bits = *bits
		}
		b, ok := decodePart(s.text("lst"))
		if !ok || len(b) == 0 {
			s.bad("lst", "not base64url")
		}
		l.deflated = b
		m.take(s)
	}
	if m.err != nil {
		return nil, m.err
	}
	return l, nil
}

// value reads the status at an index; ok is false where the list does not reach so far or cannot be inflated.
// The lowest bits of a byte come first.
func (l *statusList) value(index int64, lists *statusLists) (v byte, ok bool) {
	if l.large || l.broken || index < 0 || index > maxStatusInflated*8 {
		return 0, false
	}
	data := l.data
	if data == nil {
		data = l.inflate()
		if lists != nil && lists.kept+len(data) <= maxStatusKept {
			l.data = data
			lists.kept += len(data)
		}
	}
	at := index * l.bits
	if at/8 >= int64(len(data)) {
		return 0, false
	}
	return data[at/8] >> (at % 8) & byte(1<<l.bits-1), true
}

// inflate returns the list's bytes; it reads one byte past the limit, never more.
func (l *statusList) inflate() []byte {
	in := bytes.NewReader(l.deflated)
	z, err := zlib.NewReader(in)
	if err != nil {
		l.broken = true
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(z, maxStatusInflated+1))
	switch {
	case len(data) > maxStatusInflated:
		l.large = true
		return nil
	case err != nil || in.Len() > 0:
		l.broken = true
		return nil
	}
	return data
}

// verified says whether the list is signed by the token's issuer with a key for status lists, or, where the issuer is
// a delegate that no trust list knows, by the delegate's key. The key is what counts: a list need not name its issuer.
func (l *statusList) verified(issuer string, entry *Issuer, delegate *Key, t Time) bool {
	cached := issuer
	if entry == nil && delegate != nil {
		cached += "\x00" + delegate.Thumbprint()
	}
	if ok, known := l.signers[cached]; known {
		return ok
	}
	key := delegate
	if entry != nil {
		k := entry.key(l.kid)
		if k == nil || !k.permits(UseStatus) || !k.window(l.iat) || k.void(l.iat, t) {
			l.signers[cached] = false
			return false
		}
		key = k.Key
	}
	ok := key.fits(l.alg) && key.verify(l.alg, l.c.input, l.c.signature)
	l.signers[cached] = ok
	return ok
}

// standing is what the lists at hand and the registries' events say of a token at one clock.
type standing uint8

const (
	standingUnknown standing = iota // no usable list
	standingStale                   // lists, but none that is fresh
	standingGood
	standingOpen // revoked or suspended, and it cannot be told whether before
	standingRevoked
	standingSuspended
)

// statusResult is a token's status at both clocks.
type statusResult struct {
	atGeneration, now standing
	suspended         bool // by a list or an event
	then              bool // a list of the time of generation says suspended
	since             bool // revoked after generation, and it survives
	large             bool // a list inflates to more than the limit
}

// standing finds a token's status. Consent format 1, 6.
func (k *check) standing(stapled string) statusResult {
	r := statusResult{atGeneration: standingGood, now: standingGood}
	if k.token.Status != nil {
		r = k.listed(stapled)
	}
	if k.c.revocation == nil {
		return r
	}
	event := k.c.revocation(k.token.Issuer, k.token.ID)
	if event == nil || event.at.After(k.c.now) || event.suspend && r.now == standingRevoked {
		return r // nothing yet, or a list knows worse
	}
	after := event.at.After(k.t.At)
	certain := k.t.Kind == "T2"
	switch {
	case event.suspend:
		r.atGeneration, r.now, r.suspended = standingOpen, standingSuspended, true
		if after && certain && !r.then {
			r.atGeneration = standingGood
		}
	case after && certain:
		// What a list says of a suspension is not explained by a revocation: it stays.
		if !r.suspended {
			r.atGeneration, r.now = standingGood, standingGood
		}
		if r.since = k.token.survives(); !r.since {
			r.now = standingRevoked
		}
	case after:
		r.atGeneration, r.now = standingOpen, standingRevoked
	default:
		r.atGeneration, r.now = standingRevoked, standingRevoked
	}
	return r
}

// survives says whether what was made under the token outlives its revocation; a word that the format does not know
// is read as the stricter one.
func (t *Token) survives() bool {
	return t.Consent != nil && (t.Consent.PostRevocation == "" || t.Consent.PostRevocation == "survive")
}

// listed asks the status lists: the one that is stapled to the token, then those at hand.
func (k *check) listed(stapled string) statusResult {
	var r statusResult
	ref := k.token.Status
	var lists []*statusList
	if stapled != "" {
		if l, err := parseStatusList(stapled); err == nil && l.uri == ref.URI {
			lists = append(lists, l)
		}
	}
	if k.c.status != nil {
		lists = append(lists, k.c.status.byURI[ref.URI]...)
	}
	var newest *statusList
	var last byte // what the newest list says
	at, now := k.t.At.Unix(), k.c.now.Unix()
	for _, l := range lists {
		if l.iat > now+skew || !l.verified(k.token.Issuer, k.read.issuer, k.read.delegate(), k.t) {
			continue
		}
		v, ok := l.value(ref.Index, k.c.status)
		r.large = r.large || l.large
		if !ok || v > statusSuspended {
			continue
		}
		if v == statusInvalid {
			// A revocation does not end: whatever a later list says, and however old this one is.
			return statusResult{atGeneration: standingOpen, now: standingRevoked}
		}
		r.then = r.then || v == statusSuspended && l.iat <= at && at < l.until
		if newest == nil || l.iat >= newest.iat {
			newest, last = l, v
		}
		for _, clock := range []struct {
			at int64
			s  *standing
		}{{at, &r.atGeneration}, {now, &r.now}} {
			if clock.at < l.until {
				*clock.s = standingGood
			} else if *clock.s == standingUnknown {
				*clock.s = standingStale
			}
		}
	}
	switch {
	case newest != nil && last == statusSuspended:
		r.atGeneration, r.now, r.suspended = standingOpen, standingSuspended, true
	case r.then:
		r.atGeneration, r.suspended = standingOpen, true
	}
	return r
}

// status judges the status of the token and says what each clock makes of it.
func (k *check) status(stapled string) {
	t := k.token
	if t.Status == nil {
		if life, ok := t.life(); !ok || life > shortLife {
			k.fail("consent.token.missingClaim", "the token lives for more than %d days and says nowhere where its status stands", shortLife/day)
		}
	}
	r := k.standing(stapled)
	if r.large {
		k.find("consent.input.tooLarge", "a status list inflates to more than %d MiB; it was not used", maxStatusInflated>>20)
	}
	switch {
	case r.now == standingRevoked || r.atGeneration == standingRevoked:
		k.failAt(r.atGeneration == standingRevoked, r.now == standingRevoked, "consent.token.revoked", "the token was revoked")
	case r.suspended:
		k.failAt(false, r.now == standingSuspended, "consent.token.suspended", "the token is suspended, or was when the content was made")
	case r.since:
		k.find("consent.token.revokedSince", "the token was revoked after the content was made, and what was made before outlives that")
	}
	switch {
	case t.Status == nil:
	case r.atGeneration == standingGood && r.now == standingGood:
		k.find("consent.status.good", "a status list of the issuer says that the token stands")
	case r.atGeneration == standingStale || r.now == standingStale:
		k.find("consent.status.stale", "the status lists at hand for %q have ended", clip(t.Status.URI))
	case r.atGeneration == standingUnknown || r.now == standingUnknown:
		k.find("consent.status.skipped", "no status list at hand could be used for %q", clip(t.Status.URI))
	}
	for _, clock := range []struct {
		s standing
		o *outcome
	}{{r.atGeneration, &k.res.atGeneration}, {r.now, &k.res.atNow}} {
		switch {
		case clock.s == standingOpen:
			clock.o.unresolved = true
		case clock.s != standingUnknown && clock.s != standingStale:
		case k.c.statusPolicy == StatusCap:
			clock.o.capped = true
		case k.c.statusPolicy != StatusIgnore:
			clock.o.unresolved = true
		}
	}
}
