package signing

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
)

// verification is the state of one call of Verify or VerifyIdentity.
type verification struct {
	in    Input
	use   *use
	trust *Trust
	r     *Result
	sign1 *sign1
	alg   *algorithm
	leaf  *certificate
	pool  []*certificate // the x5chain but the leaf
	chain []*certificate // leaf and its CAs, as far as they are known
	loose bool           // the x5chain is not protected
	wrong bool           // the credential is none that may sign

	// Of the search for an anchor.
	allow    *List // has the signer's certificate itself; nil: none
	search   search
	path     *path // the best that was found; nil: none
	anchored bool  // a list trusts the signer, revocation left aside
	issuers  []*certificate

	// Of revocation.
	stapled   bool // the header is there
	answers   []answer
	unusable  string // why a response does not count
	judged    map[judged]judgement
	cut       bool   // not all responses that are stapled were read, or not all of the store
	open      string // CAs whose revocation is not known, and why; empty: none
	unsettled string // why what was not looked at may tell of a revocation; empty: nothing is left
	status    statement
	revokedCA string // which, and why; empty: none
	tried     bool   // a responder was asked
	failed    string // why that gave no answer
}

// Verify judges a claim signature. It never fails: whatever the bytes are, the findings say so. The signature is
// verified even where the signer is not trusted, so that neither answer hides the other. C2PA 2.5, 14.6 to 14.9.
func Verify(in Input) *Result { return verify(in, &claimUse) }

func verify(in Input, u *use) *Result {
	v := &verification{in: in, use: u, trust: in.Trust, r: &Result{At: in.Now}}
	if v.trust == nil {
		v.trust = &Trust{} // nobody; never the system's roots
	}
	v.r.Revocation = Revocation{State: RevocationNotChecked, Reason: "the signer's certificate is not known"}
	if !v.read() {
		return v.r
	}
	// 14.7.1: the credential and the algorithm are acceptable.
	v.credential()
	v.algorithm()
	// 14.8.2: the time-stamp first, as the rest rests on its time.
	v.stamps()
	// 14.7.2: a chain to an anchor, 14.8: valid at that time, 14.9: not revoked.
	if v.leaf != nil {
		v.anchor()
		v.ask()
		v.trusted()
		v.validity()
		v.revocation()
	}
	// 14.7.3: the signature itself.
	v.signature()
	v.claimed()
	v.notes()
	return v.r
}

func (v *verification) say(code, format string, args ...any) {
	if code = v.use.code(code); code != "" {
		v.r.Findings = append(v.r.Findings, report.Newf(code, v.in.URL, format, args...))
	}
}

func (v *verification) unsupported(why string) { v.r.Unsupported = append(v.r.Unsupported, why) }

func stampTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// read parses the COSE_Sign1 and decides whether there is a signature over the claim to speak of at all.
func (v *verification) read() bool {
	s, err := parseSign1(v.in.COSE)
	if err != nil {
		v.say("claimSignature.mismatch", "%v", err)
		return false
	}
	v.sign1 = s
	if err := s.critical(); err != nil {
		v.say("claimSignature.mismatch", "%v", err)
		return false
	}
	return true
}

// credential reads the x5chain and holds the signer's certificate against the profile. A certificate that is allowed
// itself bypasses the profile. C2PA 2.5, 13.5.1.1 and 13.4.2.
func (v *verification) credential() {
	ders, protected, err := v.sign1.chain()
	if err != nil {
		v.invalid("%v", err)
		return
	}
	v.loose = !protected
	for i, der := range ders {
		c, err := known.read(der)
		switch {
		case err != nil && i == 0:
			v.invalid("%v", err)
			return
		case err != nil:
			v.unsupported(fmt.Sprintf("certificate %d of the x5chain: %v", i, err))
		case i == 0:
			v.leaf = c
		default:
			v.pool = append(v.pool, c)
		}
	}
	v.chain = linked(v.leaf, v.pool)
	if l := v.allowed(); l != nil {
		return
	}
	if broken := v.leaf.profile(claimSigner); len(broken) > 0 {
		v.invalid("the certificate of %q: %s", v.leaf.name(), strings.Join(broken, "; "))
	}
}

func (v *verification) invalid(format string, args ...any) {
	v.wrong = true
	v.say("signingCredential.invalid", format, args...)
}

// allowed returns the list that has the signer's certificate itself; nil: none.
func (v *verification) allowed() *List {
	lists := v.use.lists(v.trust)
	for i := range lists {
		if l := &lists[i]; l.allows(v.leaf.der) {
			return l
		}
	}
	return nil
}

// algorithm reads alg, which counts in the protected header alone. C2PA 2.5, 12.3.1.
func (v *verification) algorithm() {
	n, ok, said := v.sign1.alg()
	if !ok {
		v.say("algorithm.unsupported", "%s", said)
		return
	}
	a, ok := algorithms[n]
	if !ok {
		why, known := forbiddenAlgorithms[n]
		if !known {
			why = fmt.Sprintf("COSE algorithm %d is not allowed", n)
		}
		v.say("algorithm.unsupported", "%s", why)
		return
	}
	v.r.Algorithm = a.name
	v.alg = &a
}

// anchor looks for a list that has the signer or an anchor above it. C2PA 2.5, 13.4 and 14.7.2.
func (v *verification) anchor() {
	v.issuers = v.chain
	if v.allow = v.allowed(); v.allow != nil && !v.wrong {
		v.anchored, v.chain = true, v.chain[:1]
		return
	}
	v.search = search{pool: v.pool, lists: v.use.lists(v.trust), at: v.r.At, accepts: func(l *List) bool { return v.use.accepts(v, l) }}
	v.path = v.search.find(v.leaf)
	for _, f := range v.search.foreign {
		v.unsupported(f)
	}
	if v.path != nil {
		v.chain, v.issuers = v.path.certs, v.path.certs
		v.anchored = v.path.serves && !v.wrong
	}
}

// trusted says whether the signer is trusted. A credential that was revoked is not, and neither is one whose CA was.
// C2PA 2.5, 14.7.2 and 14.9.
func (v *verification) trusted() {
	defer v.shown()
	switch {
	case v.wrong: // said, and no list trusts it
	case v.revokedCA != "":
		v.say("signingCredential.untrusted", "the authority %s", v.revokedCA)
	case v.status.state == RevocationRevoked: // said in its place
	case v.allow != nil:
		v.r.Trusted, v.r.Allowed, v.r.List = true, true, v.allow
		v.say("signingCredential.trusted", "the certificate of %q is itself on list %q", v.leaf.name(), v.allow.Name)
	case !v.anchored:
		v.say("signingCredential.untrusted", "%s", whyNot(v.leaf, &v.search, v.use.name+" list"))
	default:
		v.r.Trusted, v.r.List = true, v.path.list
		v.say("signingCredential.trusted", "%q is under an anchor of list %q", v.leaf.name(), v.path.list.Name)
	}
}

// shown keeps the chain for the report, as far as crypto/x509 reads it: it refuses some characters in names.
func (v *verification) shown() {
	v.r.Subject, v.r.Issuer = nameOf(v.leaf.subject), nameOf(v.leaf.issuer)
	for _, c := range v.chain {
		x, err := c.x509()
		if err != nil {
			return
		}
		v.r.Chain = append(v.r.Chain, x)
	}
}

// NoPath begins the explanation of a signer whom no list knows; where there was a path to an anchor, and something else
// is amiss, the explanation is that.
const NoPath = "no path from"

// whyNot is the most telling reason for which a certificate reaches no anchor.
func whyNot(leaf *certificate, s *search, kind string) string {
	switch {
	case len(s.foreign) > 0:
		return "unsupported: " + s.foreign[0]
	case len(s.reasons) > 0:
		return s.reasons[0]
	case len(s.lists) == 0:
		return "there is no " + kind
	case leaf.selfIssued():
		return fmt.Sprintf("%q signed its own certificate, which anchors nothing", leaf.name())
	}
	return fmt.Sprintf("%s %q to an anchor of a %s", NoPath, leaf.name(), kind)
}

// notes says what users should know of the lists that matched.
func (v *verification) notes() {
	type match struct {
		list *List
		what string
	}
	var matches []match
	if v.r.List != nil {
		matches = append(matches, match{v.r.List, "the signer"})
	}
	if v.r.Stamp != nil && v.r.Stamp.Trusted {
		matches = append(matches, match{v.r.Stamp.List, "the time-stamp authority"})
	}
	for _, m := range matches {
		l := m.list
		if l.Legacy {
			v.r.Notes = append(v.r.Notes, report.Newf("trust.legacyList", v.in.URL, "%s is on list %q only", m.what, l.Name))
		}
		if !l.NextUpdate.IsZero() && v.in.Now.After(l.NextUpdate) {
			v.r.Notes = append(v.r.Notes, report.Newf("trust.stale", v.in.URL, "list %q was due on %s", l.Name, stampTime(l.NextUpdate)))
		}
	}
}

// validity holds the signing time against the signer's certificate and all its CAs. The specification's text emits
// insideValidity without a time-stamp only, and asks for it in every valid manifest: it is emitted in both branches.
// C2PA 2.5, 14.8.2.
func (v *verification) validity() {
	for _, c := range v.chain {
		if !c.validAt(v.r.At) {
			v.say("claimSignature.outsideValidity", "%s is outside the validity of %q (%s to %s)", v.when(), c.name(),
				stampTime(c.notBefore), stampTime(c.notAfter))
			return
		}
	}
	v.r.InsideValidity = true
	v.say("claimSignature.insideValidity", "%s is inside the validity of all certificates", v.when())
}

func (v *verification) when() string {
	if v.r.Stamp != nil && v.r.Stamp.Trusted {
		return "the time-stamp, " + stampTime(v.r.At) + ","
	}
	return "the time of validation, " + stampTime(v.r.At) + ","
}

// signature verifies the COSE signature over the claim. An attached payload never stands in for the claim; only the
// very bytes of the claim are tolerated there, as the oldest writers attached them. C2PA 2.5, 12.3 and 14.7.3.
func (v *verification) signature() {
	note := ""
	if !v.sign1.detached {
		if len(v.sign1.payload) == 0 || string(v.sign1.payload) != string(v.in.Payload) {
			v.say("claimSignature.mismatch", "the payload is attached and is not %s", v.use.signs)
			return
		}
		note = "; " + v.use.signs + " is attached, where it should be detached"
	}
	if v.alg == nil || v.leaf == nil {
		return // said above: nothing can be verified without an algorithm and a key
	}
	if v.leaf.key.err != nil {
		v.say("claimSignature.mismatch", "the signer's key cannot be used: %v", v.leaf.key.err)
		return
	}
	if p := v.leaf.key.pss; p != nil && !v.suits(p) {
		v.say("claimSignature.mismatch", "the key's RSASSA-PSS parameters forbid %s", v.alg.name)
		return
	}
	err := v.alg.verify(v.leaf.key.key, toBeSigned("Signature1", v.sign1.rawProtected, v.in.Payload), v.sign1.signature)
	switch {
	case errors.Is(err, errKeyMismatch):
		v.say("claimSignature.mismatch", "%v", err)
	case err != nil:
		v.say("claimSignature.mismatch", "the signature is not one over %s by the key of %q", v.use.signs, v.leaf.name())
	default:
		if v.loose {
			note += "; the certificate is not protected by the signature and could be exchanged for another with the same key"
		}
		v.r.Validated = true
		v.say("claimSignature.validated", "%s%s", v.alg.name, note)
	}
}

// suits reports whether an id-RSASSA-PSS key's parameters allow the algorithm. RFC 4055, 3.3.
func (v *verification) suits(p *scheme) bool {
	h, ok := map[string]int{"PS256": 32, "PS384": 48, "PS512": 64}[v.alg.name]
	return ok && p.hash.Size() == h && p.salt <= h
}

// claimed holds iat, which proves nothing, against the certificates and the time-stamp. C2PA 2.5, 14.8.3.
func (v *verification) claimed() {
	t := v.sign1.claimed()
	if t == nil || v.leaf == nil {
		return
	}
	v.r.Claimed = t
	for _, c := range v.chain {
		if !c.validAt(*t) {
			v.say("timeOfSigning.outsideValidity", "the claimed %s is outside the validity of %q", stampTime(*t), c.name())
			return
		}
	}
	if s := v.r.Stamp; s != nil && s.Trusted && t.After(s.Time) {
		v.say("timeOfSigning.outsideValidity", "the claimed %s is later than the time-stamp", stampTime(*t))
		return
	}
	v.say("timeOfSigning.insideValidity", "the claimed %s is inside the validity of all certificates", stampTime(*t))
}
