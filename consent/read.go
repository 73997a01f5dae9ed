package consent

import (
	"fmt"

	"github.com/consentry/consentry/report"
)

// reading is what a token says and proves for itself, whoever it may stand for.
type reading struct {
	text     string
	token    *Token // nil: its form does not hold
	findings []report.Finding
	problems []problem // those that do not end the reading
	verified bool      // the signature holds
	issuer   *Issuer   // of the trust list; nil: a delegate that no list knows
	chain    *delegation
	trusted  string // what is said of its issuer, once it was said
}

// delegate is the key of the chain's last delegate, if there is a chain.
func (r *reading) delegate() *Key {
	if r.chain == nil {
		return nil
	}
	return r.chain.key
}

// stop ends the reading: what follows would rest on what failed.
func (r *reading) stop(code, format string, args ...any) *reading {
	r.findings = append(r.findings, report.New(code, "", fmt.Sprintf(format, args...)))
	return r
}

// readAll reads all tokens of an assertion, so that two of one issuer with the same jti are known before either is
// held against anybody. Only tokens that verify count: otherwise anyone could void a refusal by forging its twin.
func (c *checker) readAll(texts []string) {
	type name struct{ iss, jti string }
	first := map[name]string{}
	c.clash = map[string]bool{}
	for _, text := range texts {
		r := c.readToken(text)
		if !r.verified {
			continue
		}
		n := name{r.token.Issuer, r.token.ID}
		if other, taken := first[n]; !taken {
			first[n] = text
		} else if other != text {
			c.clash[text], c.clash[other] = true, true
		}
	}
}

// readToken reads a token as far as it goes without knowing whom it stands for, in this order: limits and form, alg,
// typ, iss, kid, key type, signature, disclosures. Each step rests on the one before.
func (c *checker) readToken(raw string) *reading {
	if r, known := c.read[raw]; known {
		return r
	}
	if c.read == nil {
		c.read = map[string]*reading{}
	}
	r := c.verifyToken(raw)
	c.read[raw] = r
	return r
}

// timeOf is the time of generation; where none is known, the validation time stands for it. Consent format 1, 5.
func (c *checker) timeOf() Time {
	if c.t.At.IsZero() || c.t.Kind == "T0" || c.t.Kind == "" {
		return Time{At: c.now, Kind: "T0"}
	}
	return c.t
}

func (c *checker) verifyToken(raw string) *reading {
	r := &reading{text: raw}
	form, bad := parseCompact(raw, tokenForm)
	if bad == nil {
		r.token, bad = decodeToken(form.header, form.payload)
	}
	if bad != nil {
		code := "consent.token.malformed"
		if bad.Large {
			code = "consent.token.tooLarge"
		}
		return r.stop(code, "%s", bad.Error())
	}
	t := r.token
	if _, allowed := algorithms[t.Alg]; !allowed {
		return r.stop("consent.token.algUnsupported", "the algorithm %q is not allowed", clip(t.Alg))
	}
	switch {
	case t.Typ != "consent+jwt" && t.Typ != "consent+sd-jwt":
		return r.stop("consent.token.typeMismatch", "the typ is %q", clip(t.Typ))
	case form.closed != (t.Typ == "consent+sd-jwt"):
		return r.stop("consent.token.typeMismatch", "the typ is %q, and the form is the other one's", t.Typ)
	case t.Issuer == "":
		return r.stop("consent.token.missingClaim", "the token names no issuer")
	}
	key, done := c.keyFor(r, form)
	if done != nil {
		return done
	}
	if !key.fits(t.Alg) {
		return r.stop("consent.token.algUnsupported", "the key of %q is not one for %s", clip(t.Issuer), t.Alg)
	}
	if !key.verify(t.Alg, form.input, form.signature) {
		return r.stop("consent.token.signatureInvalid", "the signature does not verify with the key of %q", clip(t.Issuer))
	}
	if form.closed {
		if done := r.disclose(form); done != nil {
			return done
		}
	}
	r.verified = true
	if r.chain != nil {
		r.chain.hold(r.token)
		r.problems = append(r.problems, r.chain.problems...)
	}
	return r
}

// keyFor finds the one key that must have signed: the issuer's of the trust list, or the last delegate's.
// Nothing that the header carries or points at is ever used as a key.
func (c *checker) keyFor(r *reading, form *compact) (*Key, *reading) {
	t := r.token
	r.issuer = c.trust.Entry(t.Issuer)
	if t.Consent != nil && t.Consent.Chain != nil {
		if r.chain = c.chain(t); r.chain.fatal {
			for _, p := range r.chain.problems {
				r.stop(p.code, "%s", p.text)
			}
			return nil, r
		}
	} else if r.issuer == nil {
		return nil, r.stop("consent.issuer.untrusted", "the issuer %q is on no consent trust list", clip(t.Issuer))
	}
	if form.header.get("kid").kind != jsonString || t.Kid == "" {
		return nil, r.stop("consent.token.keyUnknown", "the header names no key")
	}
	if r.chain != nil {
		return c.delegateKey(r)
	}
	k := r.issuer.key(t.Kid)
	switch {
	case k == nil:
		return nil, r.stop("consent.token.keyUnknown", "%q has no key %q", clip(t.Issuer), clip(t.Kid))
	case !k.permits(UseToken):
		return nil, r.stop("consent.token.keyUnknown", "the key %q is not one for tokens", clip(t.Kid))
	case t.IssuedAt != nil && !k.window(*t.IssuedAt):
		return nil, r.stop("consent.token.keyUnknown", "the key %q was not in use when the token was issued", clip(t.Kid))
	case k.RevokedAt != nil && (t.IssuedAt == nil || k.void(*t.IssuedAt, c.timeOf())):
		return nil, r.stop("consent.issuer.keyRevoked", "the key %q was revoked, and no trusted time-stamp shows that the token is older", clip(t.Kid))
	}
	return k.Key, nil
}

// delegateKey is the last delegate's key. Where a trust list knows the same key and says that it was revoked, that
// counts: a delegation does not heal a key.
func (c *checker) delegateKey(r *reading) (*Key, *reading) {
	t, key := r.token, r.chain.key
	if key.kid != "" && key.kid != t.Kid {
		return nil, r.stop("consent.token.keyUnknown", "%q has no key %q in the chain", clip(t.Issuer), clip(t.Kid))
	}
	if r.issuer != nil {
		for _, k := range r.issuer.Keys {
			if k.RevokedAt != nil && k.Key != nil && k.Key.canonical() == key.canonical() && (t.IssuedAt == nil || k.void(*t.IssuedAt, c.timeOf())) {
				return nil, r.stop("consent.issuer.keyRevoked", "the delegate's key was revoked, and no trusted time-stamp shows that the token is older")
			}
		}
	}
	return key, nil
}

// disclose puts the disclosures of an SD-JWT into the token. What limits a grant must stand in the signed part.
func (r *reading) disclose(form *compact) *reading {
	payload, err := disclose(form.payload, form.disclosures)
	if err != nil {
		return r.stop("consent.token.disclosureInvalid", "%v", err)
	}
	if scope := form.payload.get("consent"); scope.kind == jsonObject {
		for _, name := range mustShow {
			if scope.get(name).kind == absent {
				return r.stop("consent.token.missingClaim", "consent.%s does not stand in the signed part", name)
			}
		}
	}
	t, bad := decodeToken(form.header, payload)
	if bad != nil {
		return r.stop("consent.token.malformed", "%s", bad.Error())
	}
	r.token = t
	return nil
}
