package consent

import (
	"cmp"
	"fmt"
	"time"

	"github.com/consentry/consentry/report"
)

// Question is what a generator asks before it generates: may I make what this declaration would say?
type Question struct {
	// Assertion is the consent assertion, in JSON, that would go into the finished file, with the tokens that are at
	// hand. Consent format 1, 2.
	Assertion []byte
	// Signer is the key that would sign the claim, as the trust list's provider entry and the tokens' `cnf` name it. It
	// is taken to be a trusted one: whoever asks knows whether theirs is.
	Signer *Signer
	At     time.Time // now
	Trust  *Trust    // issuers, registries, status lists; nil trusts nobody
	// Terms are the policy that the file will be held against. Their zero members stand for E3, and for a status that
	// must be known.
	Terms Terms
	// Stamped says that the claim will get a trusted time-stamp, without which no token counts above E3.
	Stamped bool
}

// Answer says whether every declared person and work may be made, and what speaks against it.
type Answer struct {
	May     bool
	Because []string // what speaks against it, in plain words; empty where May
	*Judgement
}

// Ask judges a declaration before anything is generated, by the same judgement as the finished file. It is the strict
// reading: everybody and everything declared must be verified, or need nothing. A clearance is for content that exists,
// and so never helps here. What a registry answers may be another tomorrow: what was asked can be kept in `consulted`.
//
// The answer is about what is declared. That somebody else is depicted, or that the policy weighs a state otherwise, is
// for the judgement of the finished file. The error is a [*SyntaxError]: the assertion breaks the rules of its form.
func Ask(q Question) (*Answer, error) {
	if _, err := ParseAssertion(q.Assertion, false); err != nil {
		return nil, err
	}
	kind := "T1"
	if q.Stamped {
		kind = "T2"
	}
	facts := &Facts{
		Now: q.At, T: Time{At: q.At, Kind: kind}, ClaimSigner: q.Signer,
		Manifest:  Manifest{State: ManifestTrusted, Created: true},
		Assertion: &Declaration{Bytes: q.Assertion},
	}
	terms := q.Terms
	terms.MinLevel = cmp.Or(terms.MinLevel, "E3")
	terms.Asked, terms.OwnAsked = true, true
	a := &Answer{Judgement: Judge(facts, q.Trust, terms)}
	for _, list := range [][]report.Person{a.People, a.Works} {
		for _, p := range list {
			if p.State != StateVerified && p.State != StateNotRequired {
				a.Because = append(a.Because, fmt.Sprintf("%s is %s%s", p.ID, p.State, why(p)))
			}
		}
	}
	for _, texts := range [][]string{a.Unusable, a.RejectedLists, a.Contradicted} {
		a.Because = append(a.Because, texts...)
	}
	a.May = len(a.Because) == 0
	return a, nil
}

// why is the first failure that an entry or one of its tokens has.
func why(p report.Person) string {
	findings := p.Findings
	for _, t := range p.Tokens {
		findings = append(findings[:len(findings):len(findings)], t.Findings...)
	}
	for _, f := range findings {
		if f.Outcome == report.Failure {
			return ": " + f.Explanation
		}
	}
	return ""
}
