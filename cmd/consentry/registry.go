package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

func (p *program) registryCommand() *cli.Command {
	return &cli.Command{
		Name: "registry", Usage: "Make and show bundles of standing orders and rosters",
		Subcommands: []*cli.Command{
			{
				Name: "build", Usage: "Make a signed bundle from orders and a roster", ArgsUsage: "DESCRIPTION.json|yaml",
				Flags: append(keyFlags("the issuer's"),
					&cli.StringFlag{Name: "roster", Usage: "`CSV` with the columns scheme, id, from, until"},
					&cli.BoolFlag{Name: "hash", Usage: "name nobody: entries are salted hashes"},
					&cli.StringFlag{Name: "previous", Usage: "`FILE`: the bundle before; its sequence is counted on"},
					&cli.StringFlag{Name: "out", Usage: "`FILE` for the bundle; default standard output"},
				),
				Action: p.registryBuild,
			},
			{
				Name: "show", Usage: "Show what a bundle says, and about whom", ArgsUsage: "BUNDLE",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "consent-trust", Usage: "`FILE`: trust list that its issuer should be on"},
					&cli.StringFlag{Name: "consent-steward", Usage: "`JWK` that must have signed that list"},
					&cli.StringFlag{Name: "subject", Usage: "`SCHEME:ID`: is this a client, which orders select them?"},
					&cli.StringFlag{Name: "at", Usage: "`TIME` to ask for (RFC 3339, or a day); default now"},
					&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
				},
				Action: p.registryShow,
			},
		},
	}
}

func (p *program) registryBuild(c *cli.Context) error {
	if c.String("key") == "" || c.Args().Len() != 1 {
		return &usageError{Text: "registry build needs --key FILE and one description", Hint: "consentry registry build --key agency.pem --roster roster.csv --out bundle.jwt orders.yaml"}
	}
	key, err := p.signingKey(c)
	if err != nil {
		return err
	}
	in := consent.BundleInput{Hash: c.Bool("hash"), Key: key, Kid: c.String("kid"), Now: time.Now()}
	file := c.Args().First()
	inputs := []string{file, c.String("key")}
	if in.Description, err = readSmall(file, maxTrustFile); err != nil {
		return err
	}
	if name := c.String("roster"); name != "" {
		if in.Roster, err = readSmall(name, maxTrustFile); err != nil {
			return err
		}
		if in.Roster == nil {
			in.Roster = []byte{}
		}
		inputs = append(inputs, name)
	}
	if name := c.String("previous"); name != "" {
		old, err := readSmall(name, maxRegistryFile)
		if err != nil {
			return err
		}
		in.Previous = string(bytes.TrimSpace(old))
	}
	text, err := consent.BuildBundle(in)
	if err != nil {
		return fmt.Errorf("%q: %w", file, err)
	}
	if err := p.put(c.String("out"), []byte(text+"\n"), inputs...); err != nil {
		return err
	}
	made, err := consent.ShowBundle(text, nil, in.Now)
	if err != nil {
		return err
	}
	p.say("made", fmt.Sprintf("bundle %d of %s: %s, %s; a new one is due on %s", made.Sequence, made.Issuer, report.Count(made.Clients, "client"), report.Count(len(made.Orders), "order"), made.NextUpdate.Format(time.DateOnly)))
	return nil
}

func (p *program) registryShow(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return &usageError{Text: "registry show needs one bundle"}
	}
	at, err := timeFlag(c)
	if err != nil {
		return err
	}
	text, err := readSmall(c.Args().First(), maxRegistryFile)
	if err != nil {
		return err
	}
	trust, err := loadConsent(&verifyOptions{consentTrust: c.String("consent-trust"), consentSteward: c.String("consent-steward")}, at, p.warnf)
	if err != nil {
		return err
	}
	for _, f := range trust.Findings {
		p.warnf("%s: %s", f.Code, f.Explanation)
	}
	s, err := consent.ShowBundle(string(bytes.TrimSpace(text)), trust.List, at)
	if err != nil {
		return fmt.Errorf("%q: %w", c.Args().First(), err)
	}
	var who *aboutSubject
	if name := c.String("subject"); name != "" {
		subject, err := subjectFlag(name)
		if err != nil {
			return err
		}
		who = &aboutSubject{Subject: name, At: at.UTC().Truncate(time.Second)}
		who.Client, who.Orders = s.About(*subject, at)
	}
	switch c.String("format") {
	case "json":
		return render.JSON(p.stdout, struct {
			*consent.BundleShown
			About *aboutSubject `json:"about,omitempty"`
		}{s, who})
	case "text":
		_, err = io.WriteString(p.stdout, registryText(s, who, c.String("consent-trust") != ""))
		return err
	}
	return wordError("--format", c.String("format"), []string{"text", "json"})
}

// aboutSubject is what a bundle says of somebody.
type aboutSubject struct {
	Subject string    `json:"subject"`
	At      time.Time `json:"at"`
	Client  bool      `json:"client"`
	Orders  []string  `json:"orders"`
}

func registryText(s *consent.BundleShown, who *aboutSubject, asked bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "bundle %d of %s, of %s", s.Sequence, render.Safe(s.Issuer), s.Issued.Format(time.RFC3339))
	if s.NextUpdate != nil {
		fmt.Fprintf(&b, ", next update %s", s.NextUpdate.UTC().Format(time.RFC3339))
	}
	switch {
	case s.Verified:
		b.WriteString("\n  signature    verifies with the key of the issuer on the trust list\n")
	case asked:
		fmt.Fprintf(&b, "\n  signature    not verified: %s\n", render.Safe(s.Why))
	default:
		b.WriteString("\n  signature    not checked: no --consent-trust\n")
	}
	fmt.Fprintf(&b, "  digest       %s\n  clients      %d, of them %d hashed\n  revocations  %d\n", s.SHA256, s.Clients, s.Hashed, s.Revocations)
	for _, o := range s.Orders {
		whom := map[string]string{"roster": "all clients", "ids": fmt.Sprintf("%d by name", o.Count), "hash": fmt.Sprintf("%d by hash", o.Count)}[o.Select]
		fmt.Fprintf(&b, "  order %s: prohibits %s of %s to %s, for %s", render.Safe(o.Order), terms(o.Operation), terms(o.Modality), terms(o.Providers), whom)
		if o.From != nil {
			fmt.Fprintf(&b, ", from %s", o.From.UTC().Format(time.DateOnly))
		}
		if o.Until != nil {
			fmt.Fprintf(&b, ", until %s", o.Until.UTC().Format(time.DateOnly))
		}
		fmt.Fprintf(&b, ", override %s\n", render.Safe(o.Override))
	}
	if who != nil {
		client := "no client"
		if who.Client {
			client = "a client"
		}
		fmt.Fprintf(&b, "  on %s %s is %s; orders that select them: %s\n", who.At.Format(time.RFC3339), render.Safe(who.Subject), client, terms(who.Orders))
	}
	return b.String()
}

// timeFlag reads --at; default now.
func timeFlag(c *cli.Context) (time.Time, error) {
	text := c.String("at")
	if text == "" {
		return time.Now(), nil
	}
	return parseAt(text)
}

// parseAt reads a time; a bare day begins at midnight UTC, as days do in rosters and orders.
func parseAt(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return at, &usageError{Text: fmt.Sprintf("--at %q is not a time", text), Hint: "write it like 2026-11-22T10:00:00Z, or 2026-11-22 for the beginning of that day in UTC"}
	}
	return at, nil
}

// subjectFlag reads scheme:id.
func subjectFlag(text string) (*consent.Subject, error) {
	scheme, id, ok := strings.Cut(text, ":")
	if !ok || scheme == "" || id == "" {
		return nil, &usageError{Text: fmt.Sprintf("--subject %q is no scheme:id", text), Hint: "write it like hand:10.23/01-ABC"}
	}
	return &consent.Subject{Scheme: scheme, ID: id}, nil
}
