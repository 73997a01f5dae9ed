package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

// Limits of what the token commands read, in bytes: keys and claims are small, a trust list has the format's limit.
const (
	maxKeyFile   = 64 << 10
	maxTokenFile = 32 << 20
)

func (p *program) tokenCommand() *cli.Command {
	return &cli.Command{
		Name: "token", Usage: "Make and read consent tokens and keys",
		Subcommands: []*cli.Command{
			{
				Name: "keygen", Usage: "Make a key that signs tokens, and print its public half",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "alg", Value: consent.AlgEdDSA, Usage: "`NAME`: EdDSA (default), ES256 or ES384"},
					&cli.StringFlag{Name: "out", Usage: "`FILE` for the private key (PEM); it must not exist"},
					&cli.BoolFlag{Name: "encrypt", Usage: "encrypt the key under a passphrase (PKCS #8)"},
					&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` whose first line is it; default: ask"},
				},
				Action: p.tokenKeygen,
			},
			{
				Name: "mint", Usage: "Mint a grant, clearance, refusal or delegation", ArgsUsage: "CLAIMS.json|yaml",
				Flags: append(keyFlags("the issuer's"),
					&cli.StringSliceFlag{Name: "disclose", Usage: "`MEMBER` to disclose selectively (SD-JWT), such as sub"},
					&cli.StringFlag{Name: "out", Usage: "`FILE` for the token; default standard output"},
				),
				Action: p.tokenMint,
			},
			{
				Name: "show", Usage: "Show what a token says, unverified", ArgsUsage: "TOKEN",
				Flags:  []cli.Flag{redactFlag()},
				Action: p.tokenShow,
			},
			{
				Name: "verify", Usage: "Verify a token by itself, away from any video", ArgsUsage: "TOKEN",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "consent-trust", Usage: "`FILE`: trust list of consent issuers"},
					&cli.StringFlag{Name: "consent-steward", Usage: "`JWK` that must have signed that list"},
					&cli.StringFlag{Name: "consent-status", Usage: "`DIR` of token status lists (*.jwt)"},
					&cli.StringFlag{Name: "subject", Usage: "`SCHEME:ID` that the token must be for"},
					&cli.StringFlag{Name: "at", Usage: "`TIME` of validation (RFC 3339, or a day); default now"},
					redactFlag(),
				},
				Action: p.tokenVerify,
			},
		},
	}
}

// tokenKeygen writes the private key where nobody else can read it and prints the public one, for the trust list.
func (p *program) tokenKeygen(c *cli.Context) error {
	out := c.String("out")
	if out == "" || c.Args().Len() > 0 {
		return &usageError{Text: "keygen needs --out FILE and nothing else", Hint: "consentry token keygen --out issuer.pem"}
	}
	if c.String("passphrase-file") != "" && !c.Bool("encrypt") {
		return &usageError{Text: "--passphrase-file without --encrypt: the key would not be encrypted"}
	}
	key, err := consent.GenerateKey(c.String("alg"))
	if err != nil {
		return &usageError{Text: err.Error()}
	}
	text, err := key.PEM()
	if err != nil {
		return err
	}
	if c.Bool("encrypt") {
		if text, err = p.sealKey(text, c.String("passphrase-file")); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			return &hintError{Err: fmt.Errorf("%s exists; a key is never overwritten", out), Hint: "name another file"}
		}
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return render.Line(p.stdout, map[string]any{"kid": key.Public.Thumbprint(), "jwk": json.RawMessage(key.Public.JWK())})
}

func (p *program) tokenMint(c *cli.Context) error {
	if c.String("key") == "" || c.Args().Len() != 1 {
		return &usageError{Text: "mint needs --key FILE and one file of claims", Hint: "consentry token mint --key issuer.pem claims.yaml"}
	}
	key, err := p.signingKey(c)
	if err != nil {
		return err
	}
	claims, err := readFile(c.Args().First(), maxTokenFile)
	if err != nil {
		return err
	}
	token, err := consent.Mint(consent.MintInput{
		Claims: claims, Key: key, Kid: c.String("kid"), Disclose: c.StringSlice("disclose"), Now: time.Now(),
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.Args().First(), err)
	}
	return p.put(c.String("out"), []byte(token+"\n"), c.String("key"), c.Args().First())
}

// tokenText is the token that the one argument gives: its text, a file that holds it, or - for standard input.
func (p *program) tokenText(c *cli.Context) (string, error) {
	if c.Args().Len() != 1 {
		return "", &usageError{Text: fmt.Sprintf("one token is needed, not %d", c.Args().Len()), Hint: "give its text, a file that holds it, or - for standard input"}
	}
	arg := c.Args().First()
	if arg == "-" {
		b, err := readLimited(p.stdin, "standard input", maxTokenFile)
		return strings.TrimSpace(string(b)), err
	}
	if strings.Count(strings.SplitN(arg, "~", 2)[0], ".") == 2 && strings.HasPrefix(arg, "ey") {
		return arg, nil
	}
	b, err := readFile(arg, maxTokenFile)
	return strings.TrimSpace(string(b)), err
}

func (p *program) tokenShow(c *cli.Context) error {
	text, err := p.tokenText(c)
	if err != nil {
		return err
	}
	shown, err := consent.Show(text)
	if err != nil {
		return withName(c.Args().First(), err)
	}
	p.say("hint", "nothing of this is verified; consentry token verify does that")
	if c.Bool("redact-names") {
		var names render.Names
		if t, err := consent.ReadToken(text); err == nil { // what is no token, such as a status list, has no parties
			names.Parties(t.Issuer, t.Subject)
		}
		bare, err := names.Token(shown)
		if err != nil {
			return err
		}
		return render.JSON(p.stdout, bare)
	}
	return render.JSON(p.stdout, shown)
}

func (p *program) tokenVerify(c *cli.Context) error {
	text, err := p.tokenText(c)
	if err != nil {
		return err
	}
	in := consent.VerifyInput{}
	if in.Now, err = timeFlag(c); err != nil {
		return err
	}
	if s := c.String("subject"); s != "" {
		if in.Subject, err = subjectFlag(s); err != nil {
			return err
		}
	}
	trust, err := loadConsent(&verifyOptions{
		consentTrust: c.String("consent-trust"), consentSteward: c.String("consent-steward"), consentStatus: c.String("consent-status"),
	}, in.Now, p.warnf)
	if err != nil {
		return err
	}
	in.Trust, in.Status = trust.List, trust.StatusLists
	v := consent.VerifyToken(text, in)
	v.Findings = append(trust.Findings, v.Findings...)
	return p.writeVerification(v, c.Bool("redact-names"))
}

// writeVerification prints the answer: a line in plain words, what the token says, then the findings.
func (p *program) writeVerification(v *consent.Verification, redactNames bool) error {
	var b strings.Builder
	var names render.Names
	issuer, subject, say := "", "", func(s string) string { return s }
	if t := v.Token; t != nil {
		issuer, subject = t.Issuer, t.Subject
	}
	if redactNames {
		issuer, subject = names.Parties(issuer, subject)
		say = names.Sentence
	}
	switch {
	case v.Valid:
		b.WriteString("VALID  the token holds by itself; which video it may stand for was not judged\n")
	case v.Unknown:
		b.WriteString("UNKNOWN  it could not be told whether the token holds\n")
		p.code = exitUnknown
		p.say("hint", unknownHint(v))
	default:
		b.WriteString("INVALID  the token does not hold\n")
		p.code = exitNot
	}
	if t := v.Token; t != nil && v.Verified {
		fmt.Fprintf(&b, "\n  issuer   %s\n  subject  %s\n", render.Safe(issuer), render.Safe(subject))
		if s := t.Consent; s != nil {
			fmt.Fprintf(&b, "  says     %s for %s of %s, purpose %s\n", render.Safe(s.Type), terms(s.Operation), terms(s.Modality), terms(s.Purpose))
		}
	}
	b.WriteString("\n")
	rank := map[report.Outcome]int{report.Failure: 0, report.Informational: 1, report.Success: 2}
	sort.SliceStable(v.Findings, func(i, j int) bool { return rank[v.Findings[i].Outcome] < rank[v.Findings[j].Outcome] })
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "  %-13s  %s: %s\n", f.Outcome, f.Code, render.Safe(say(f.Explanation)))
	}
	_, err := io.WriteString(p.stdout, b.String())
	return err
}

// unknownHint says what is missing to tell whether a token holds.
func unknownHint(v *consent.Verification) string {
	if report.Has(v.Findings, "consent.issuer.untrusted") {
		return "give --consent-trust FILE: a list that names the issuer with its key"
	}
	return "give --consent-status DIR: the issuer's token status lists"
}

// terms are words of a token in one line.
func terms(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return render.Safe(strings.Join(list, ", "))
}
