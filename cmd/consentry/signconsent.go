package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/consent"
)

// withoutSource says what a verifier will make of a file of which nothing says where it comes from.
const withoutSource = "without --source-type nothing says where the picture comes from: verify will call its origin unknown and judge nobody's consent; " +
	"--source-type trainedAlgorithmicMedia says that it was generated, digitalCapture that a camera took it"

// beforeSigning says what a verifier will make of the consent that is declared.
func (p *program) beforeSigning(o *signOptions) error {
	if o.consent == "" {
		if o.judge.consentTrust != "" || len(o.judge.consentRegistry) > 0 {
			return &usageError{Text: "--consent-trust and --consent-registry judge what --consent declares, and nothing is declared"}
		}
		return nil
	}
	text, err := readSmall(o.consent, maxConsentFile)
	if err != nil {
		return err
	}
	declared, err := consent.ParseAssertion(text, false)
	if err != nil {
		return &hintError{fmt.Errorf("%q: %w", o.consent, err), malformedHint}
	}
	slips, err := slippedMembers(text)
	if err != nil {
		return &hintError{fmt.Errorf("%q: %w", o.consent, err), malformedHint}
	}
	if slips = slices.Concat(slices.Sorted(maps.Keys(declared.Unknown)), slips); len(slips) > 0 {
		p.hintf("%q: the format does not know %s: signed as it stands, and never judged", o.consent, quoted(slips))
	}
	if err := p.readTokens(o, declared); err != nil {
		return err
	}
	if o.judge.consentTrust == "" {
		if len(declared.Tokens) > 0 {
			p.say("hint", "whether the tokens hold was not judged: give --consent-trust to hear it before the file is signed")
		}
		return nil
	}
	return p.askBeforeSigning(o, text)
}

const malformedHint = "nothing was signed; a verifier would call this consent assertion malformed"

// readTokens wants every token that the declaration holds to be one: a text that was left in its place stands for nobody.
func (p *program) readTokens(o *signOptions, declared *consent.Assertion) error {
	for i, t := range declared.Tokens {
		if t.JWT == "" {
			continue // by reference: nobody says that it is at hand
		}
		v := consent.VerifyToken(t.JWT, consent.VerifyInput{Now: o.now})
		if v.Token != nil {
			continue
		}
		why := "not a token"
		if len(v.Findings) > 0 {
			why = v.Findings[0].Explanation
		}
		return &hintError{fmt.Errorf("%q: tokens[%d]: %s", o.consent, i, why), "nothing was signed; put the text that consentry token mint wrote into its place"}
	}
	return nil
}

// askBeforeSigning judges the declaration as it will be judged in the signed file, and warns of what will not hold. It
// is a warning and no refusal: a declaration may well say that nobody granted.
func (p *program) askBeforeSigning(o *signOptions, text []byte) error {
	trust, err := loadConsent(&o.judge, o.now, p.warnf)
	if err != nil {
		return err
	}
	for _, f := range trust.Findings {
		p.warnf("%s: %s", f.Code, f.Explanation)
	}
	chain, err := readSmall(o.cert, maxPEMFile)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(chain)
	if block == nil {
		return fmt.Errorf("%q: no certificate in PEM", o.cert)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("%q: %w", o.cert, err)
	}
	answer, err := consent.Ask(consent.Question{
		Assertion: text, Signer: consentry.ClaimSigner(leaf), At: o.now, Trust: trust, Stamped: o.tsa != "",
	})
	if err != nil {
		return &hintError{fmt.Errorf("%q: %w", o.consent, err), malformedHint}
	}
	for _, why := range answer.Because {
		p.warnf("%s", why)
	}
	return nil
}

// quoted names members for people, the first few.
func quoted(members []string) string {
	const most = 8
	var names []string
	for _, name := range members[:min(len(members), most)] {
		names = append(names, fmt.Sprintf("%q", name))
	}
	text := strings.Join(names, ", ")
	if n := len(members) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
