package signing

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
)

// The places where an answer about revocation comes from.
const (
	sourceStapled = "rVals"
	sourceStatus  = "c2pa.certificate-status"
	sourceOnline  = "online"
)

const (
	// maxStapled is how many responses of one signature's header are read; signers staple one.
	maxStapled = 8
	// maxOCSPChecks is how many responses about one certificate may fail, of each place where responses come from, before
	// the rest is left; under no anchor, where anybody makes them, those that verify are counted too.
	maxOCSPChecks = 16
)

// freshFor is how long a response without nextUpdate is good for, after it was made. C2PA 2.5, 14.9.
const freshFor = 24 * time.Hour

// The states of a certificate that [Revocation] tells.
const (
	RevocationGood       = "good"
	RevocationRevoked    = "revoked"
	RevocationUnknown    = "unknown"
	RevocationNotChecked = "not-checked"
)

// Revocation says whether the signer's certificate is known to be revoked. C2PA 2.5, 14.9.
type Revocation struct {
	State      string // good, revoked, unknown, not-checked
	Reason     string // why, in plain words
	Source     string // rVals, c2pa.certificate-status, online; empty: no answer counted
	Responder  string // who answered: common name and organisation; verified as the issuer or one that it named
	ThisUpdate time.Time
	NextUpdate time.Time // zero: the answer does not say
	RevokedAt  time.Time // zero: it was not revoked
	Why        string    // reason of a revocation, as RFC 5280, 5.3.1 names it; empty: the answer does not say
	// Unsettled says why responses were left unread that may tell of a revocation, of the signer or of one of its CAs;
	// empty: none was, or the matter is settled without them.
	Unsettled string
	// Authorities says of which CAs below the anchor, that name a responder, it is not known whether they were revoked,
	// and why; empty: of none.
	Authorities string
}

// answer is a response at hand.
type answer struct {
	*OCSP
	source string
}

// statement is what one response is worth for one certificate.
type statement struct {
	state string // RevocationNotChecked: nothing
	why   string
	from  answer
	about *single
	by    *certificate
	left  bool // some that speak of the certificate were not looked at
}

// judged is who signed a response, for an issuer: what is found out once, however much the response speaks of.
type judged struct {
	response *OCSP
	issuer   *certificate
}

type judgement struct {
	by  *certificate
	err error
}

// gather reads the responses that are stapled and takes those of assertions. What cannot be read is as if it were not
// there, but for the words in which that is said. C2PA 2.5, 10.3.2.6 and 14.9.
func (v *verification) gather() {
	raw, ok := v.sign1.unprotected[sourceStapled]
	if !ok {
		raw, ok = v.sign1.protected[sourceStapled]
	}
	if ok {
		v.stapled = true
		list, err := ocspValues(raw)
		if err != nil {
			v.obstacle(sourceStapled, err)
		}
		for i, der := range list {
			if i == maxStapled {
				v.obstacle(sourceStapled, fmt.Errorf("more than %d responses", maxStapled))
				v.cut = true
				break
			}
			o, err := ParseOCSP(der)
			if err != nil {
				v.obstacle(sourceStapled, err)
				continue
			}
			v.answers = append(v.answers, answer{o, sourceStapled})
		}
	}
	v.cut = v.cut || v.in.Cut
	for _, o := range v.in.Status {
		v.answers = append(v.answers, answer{o, sourceStatus})
	}
}

// obstacle keeps the first reason for which a response does not count.
func (v *verification) obstacle(source string, err error) {
	if v.unusable == "" {
		v.unusable = fmt.Sprintf("%s: %v", source, err)
	}
}

// ocspValues reads { ocspVals: [ 1* bstr ] }. C2PA 2.5, 10.3.2.6.
func ocspValues(raw rawItem) ([][]byte, error) {
	m, err := parseHeaders(raw)
	if err != nil {
		return nil, err
	}
	list, ok := m["ocspVals"]
	if !ok || len(list) == 0 || list[0]>>5 != 4 {
		return nil, errors.New("no array ocspVals")
	}
	var items []rawItem
	if err := strictCBOR.Unmarshal(list, &items); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, errors.New("ocspVals is empty")
	}
	out := make([][]byte, 0, len(items))
	for _, item := range items {
		der, err := byteString(item)
		if err != nil {
			return nil, fmt.Errorf("ocspVals: %w", err)
		}
		out = append(out, der)
	}
	return out, nil
}

// ask holds what is at hand, and where that does not settle it the responder's own word, against the signer's
// certificate and its CAs. It is done before trust is spoken of: a revoked CA vouches for nobody. Where there is more at
// hand than is looked at only the responder's own word settles it: what was left may say revoked. C2PA 2.5, 14.9.
func (v *verification) ask() {
	v.gather()
	v.status = v.stated(0, v.answers)
	v.status.left = v.status.left || v.cut
	var cas []statement // what is at hand about the CAs below the anchor
	for i := 1; v.anchored && i+1 < len(v.issuers) && v.revokedCA == ""; i++ {
		s := v.stated(i, v.answers)
		if cas = append(cas, s); s.state == RevocationRevoked {
			v.revokedCA = fmt.Sprintf("%q was revoked: %s", v.issuers[i].name(), s.why)
		}
	}
	if v.status.state != RevocationRevoked && (v.status.state != RevocationGood || v.status.left) {
		v.online()
	}
	if v.revokedCA == "" && v.status.state != RevocationRevoked {
		v.authorities(cas)
	}
	if v.status.left && v.status.state != RevocationRevoked {
		v.unsettled = "more responses about the certificate are at hand than are looked at"
		v.status = statement{state: RevocationNotChecked, why: v.unsettled}
	}
}

// authorities asks the responders of CAs that what is at hand says nothing of, after that of the signer's certificate,
// and notes whose revocation stays open.
func (v *verification) authorities(cas []statement) {
	var open []string
	for n, s := range cas {
		i, why := n+1, s.why
		if s.state == RevocationGood && !s.left {
			continue
		}
		if len(v.issuers[i].responders) > 0 && v.in.Ask != nil {
			got, failed := v.answered(i)
			if got.state == RevocationRevoked {
				v.revokedCA = fmt.Sprintf("%q was revoked: %s", v.issuers[i].name(), got.why)
				return
			}
			if got.state == RevocationGood {
				continue
			}
			why = cmp.Or(failed, got.why)
		}
		if s.left && v.unsettled == "" {
			v.unsettled = fmt.Sprintf("%d responses about the authority %q count for nothing, and the rest was not looked at", maxOCSPChecks, v.issuers[i].name())
		}
		if v.issuers[i].ocsp {
			open = append(open, fmt.Sprintf("%q: %s", v.issuers[i].name(), cmp.Or(why, "its responder was not asked")))
		}
	}
	v.open = strings.Join(open, "; ")
}

// stated is what the answers say of one certificate of the chain. That it was revoked outweighs that it was good,
// whoever put the answers in which order. C2PA 2.5, 14.9.
func (v *verification) stated(i int, from []answer) statement {
	best := statement{state: RevocationNotChecked}
	if i+1 >= len(v.issuers) {
		if len(from) > 0 {
			best.why = "the certificate of the signer's issuer is not known"
		}
		return best
	}
	c, issuer := v.issuers[i], v.issuers[i+1]
	looked, left := map[string]int{}, false
	for _, a := range from {
		counted := false
		for j := range a.singles {
			s := &a.singles[j]
			if !s.names(c, issuer) {
				continue
			}
			if !counted && looked[a.source] == maxOCSPChecks {
				left = true
				break
			}
			got := v.statement(a, s, issuer)
			if !counted && (got.by == nil || !v.anchored) {
				counted = true
				looked[a.source]++
			}
			if weight(got.state) > weight(best.state) || best.why == "" {
				best = got
			}
		}
	}
	if best.why == "" && len(from) > 0 {
		best.why = "no response speaks of this certificate"
	}
	best.left = left
	return best
}

func weight(state string) int {
	switch state {
	case RevocationRevoked:
		return 3
	case RevocationGood:
		return 2
	case RevocationUnknown:
		return 1
	}
	return 0
}

// statement judges one entry of a response that speaks of the certificate in question.
func (v *verification) statement(a answer, s *single, issuer *certificate) statement {
	out := statement{state: RevocationNotChecked, from: a, about: s}
	if a.critical || s.critical {
		out.why = "the response has a critical extension that is not understood"
		return out
	}
	key := judged{a.OCSP, issuer}
	who, known := v.judged[key]
	if !known {
		who.by, who.err = a.signer(issuer)
		if v.judged == nil {
			v.judged = map[judged]judgement{}
		}
		v.judged[key] = who
	}
	if who.err != nil {
		out.why = who.err.Error()
		return out
	}
	out.by = who.by
	out.state, out.why = worth(a, s, v.r.At, v.in.Now)
	return out
}

// worth says what an entry proves of a certificate at a time, which is that of a trusted time-stamp or the present. A
// good answer covers every time before it, as a revocation is not taken back. A revocation counts whenever it was:
// C2PA lets no time-stamp save a signature from a stored answer, nor from one of the responder but within its window.
// C2PA 2.5, 14.9; docs/decisions/revocation.md.
func worth(a answer, s *single, at, now time.Time) (state, why string) {
	end := s.nextUpdate
	if end.IsZero() {
		end = a.producedAt.Add(freshFor)
	}
	if s.thisUpdate.After(now) {
		return RevocationNotChecked, "the response is of " + stampTime(s.thisUpdate) + ", which is not yet"
	}
	if a.source == sourceOnline && now.After(end) {
		return RevocationNotChecked, "the responder's answer was good until " + stampTime(end) + " only"
	}
	inside := !at.Before(s.thisUpdate) && !at.After(end)
	covered := at.Before(s.thisUpdate) || inside
	if s.status == statusRevoked && s.reason != reasonRemoved {
		why = "revoked at " + stampTime(s.revoked)
		if name := reasons[s.reason]; name != "" {
			why += " (" + name + ")"
		}
		switch {
		case s.revoked.After(at) && inside && a.source == sourceOnline:
			return RevocationGood, why + ", after it had signed"
		case s.reason == reasonHold && !covered:
			return RevocationNotChecked, why + ", which may have been taken back by " + stampTime(at)
		case s.revoked.After(at):
			return RevocationRevoked, why + ", after it had signed"
		}
		return RevocationRevoked, why
	}
	if !covered {
		return RevocationNotChecked, "the response was good until " + stampTime(end) + ", and the signature counts from " + stampTime(at)
	}
	if s.status == statusUnknown {
		return RevocationUnknown, "the responder does not know the certificate"
	}
	return RevocationGood, "good as of " + stampTime(s.thisUpdate)
}

// online asks the responder that the signer's certificate names.
func (v *verification) online() {
	if v.in.Ask == nil || len(v.leaf.responders) == 0 || len(v.issuers) < 2 || !v.anchored {
		return
	}
	v.tried = true
	got, failed := v.answered(0)
	if v.failed = failed; failed == "" {
		v.status = got
	}
}

// answered asks the responders that a certificate of the chain names, until one gives an answer that counts; failed says
// why none did. Only certificates under an anchor name anybody who is asked: otherwise a file could have any address
// asked. C2PA 2.5, 14.9.
func (v *verification) answered(i int) (got statement, failed string) {
	request, err := ocspRequest(v.issuers[i], v.issuers[i+1], v.in.Nonce)
	if err != nil {
		return got, err.Error()
	}
	for _, address := range v.issuers[i].responders {
		der, err := v.in.Ask(address, request)
		if err != nil {
			failed = err.Error()
			continue
		}
		o, err := ParseOCSP(der)
		switch {
		case err != nil:
			failed = err.Error()
			continue
		case o.nonce != nil && !bytes.Equal(o.nonce, v.in.Nonce):
			failed = "the answer is for another request: its nonce differs"
			continue
		}
		if got = v.stated(i, []answer{{o, sourceOnline}}); got.state != RevocationNotChecked {
			return got, ""
		}
		failed = got.why
	}
	return got, failed
}

// revocation says what is known of the signer's certificate. C2PA 2.5, 14.9.
func (v *verification) revocation() {
	s, r := v.status, &v.r.Revocation
	*r = Revocation{State: s.state, Reason: s.why, Authorities: v.open}
	if s.state != RevocationRevoked && v.revokedCA == "" && v.unsettled != "" {
		r.Unsettled = v.unsettled
		v.r.Notes = append(v.r.Notes, report.New("trust.revocationUnsettled", v.in.URL, v.unsettled))
	}
	if s.state != RevocationNotChecked {
		r.Source, r.Responder = s.from.source, s.by.name()
		r.ThisUpdate, r.NextUpdate = s.about.thisUpdate, s.about.nextUpdate
		if s.about.status == statusRevoked && s.about.reason != reasonRemoved {
			r.RevokedAt, r.Why = s.about.revoked, reasons[s.about.reason]
		}
	}
	switch s.state {
	case RevocationRevoked:
		v.say("signingCredential.ocsp.revoked", "%s: %s", s.from.source, s.why)
		return
	case RevocationGood:
		v.say("signingCredential.ocsp.notRevoked", "%s, by %q: %s", s.from.source, r.Responder, s.why)
		return
	case RevocationUnknown:
		v.say("signingCredential.ocsp.unknown", "%s: %s", s.from.source, s.why)
		return
	}
	if v.tried {
		r.Reason = "the responder gave no answer that counts: " + v.failed
		if r.Unsettled != "" {
			r.Reason = r.Unsettled + "; " + r.Reason
		}
		v.say("signingCredential.ocsp.inaccessible", "%s", r.Reason)
		return
	}
	switch {
	case s.why == "" && v.unusable != "":
		r.Reason = v.unusable
	case s.why == "" && v.leaf.ocsp:
		r.Reason = "no responder was asked"
		if v.in.Ask != nil && !v.anchored {
			r.Reason += ": only a certificate under an anchor of your lists says whom to ask"
		}
	case s.why == "":
		r.Reason = "the certificate names no responder: it counts as not revoked"
		if !v.stapled {
			return
		}
	}
	if v.leaf.ocsp && s.why == "" && v.unusable == "" {
		v.say("signingCredential.ocsp.skipped", "the certificate names a responder, which was not asked")
		return
	}
	v.say("signingCredential.ocsp.skipped", "%s", r.Reason)
}
