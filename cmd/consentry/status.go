package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/render"
)

func (p *program) statusCommand() *cli.Command {
	signing := func(more ...cli.Flag) []cli.Flag {
		return append(append(keyFlags("the issuer's"),
			&cli.StringFlag{Name: "expires", Usage: "`TIME`, day or span (+30d) until which it holds"},
			&cli.Int64Flag{Name: "ttl", Usage: "`SECONDS` for which it holds after its making"},
		), more...)
	}
	return &cli.Command{
		Name: "status", Usage: "Make and show token status lists",
		Subcommands: []*cli.Command{
			{
				Name: "build", Usage: "Make a list of which all tokens are valid",
				Flags: signing(
					&cli.StringFlag{Name: "uri", Usage: "`URI` of the list, as its tokens name it"},
					&cli.Int64Flag{Name: "size", Usage: "`NUMBER` of tokens that it has room for"},
					&cli.IntFlag{Name: "bits", Value: 1, Usage: "`1`: valid, invalid (default); 2: suspended, too"},
					&cli.StringFlag{Name: "out", Usage: "`FILE` for the list; default standard output"},
				),
				Action: p.statusBuild,
			},
			{
				Name: "set", Usage: "Change the status of tokens and sign the list anew", ArgsUsage: "LIST INDEX valid|invalid|suspended…",
				Flags: signing(
					&cli.StringFlag{Name: "signed-by", Usage: "`JWK` that signed the list, where the key is a new one"},
					&cli.StringFlag{Name: "out", Usage: "`FILE` for the new list; default: in the old one's place"},
				),
				Action: p.statusSet,
			},
			{
				Name: "show", Usage: "Show what a list says, unverified", ArgsUsage: "LIST [INDEX…]",
				Action: p.statusShow,
			},
		},
	}
}

func (p *program) statusInput(c *cli.Context) (consent.StatusInput, error) {
	key, err := p.signingKey(c)
	return consent.StatusInput{Key: key, Kid: c.String("kid"), Expires: c.String("expires"), TTL: c.Int64("ttl"), Now: time.Now()}, err
}

func (p *program) statusBuild(c *cli.Context) error {
	if c.String("key") == "" || c.String("uri") == "" || !c.IsSet("size") || c.Args().Len() > 0 {
		return &usageError{Text: "status build needs --key, --uri and --size, and no file", Hint: "consentry status build --key issuer.pem --uri https://issuer.example/status/1 --size 1000 --expires +30d --out status-1.jwt"}
	}
	in, err := p.statusInput(c)
	if err != nil {
		return err
	}
	text, err := consent.BuildStatusList(c.String("uri"), c.Int64("size"), c.Int("bits"), in)
	if err != nil {
		return err
	}
	return p.put(c.String("out"), []byte(text+"\n"), c.String("key"))
}

func (p *program) statusSet(c *cli.Context) error {
	args := c.Args().Slice()
	if c.String("key") == "" || len(args) < 3 || len(args)%2 == 0 {
		return &usageError{Text: "status set needs --key, a list, and pairs of an index and a status", Hint: "consentry status set --key issuer.pem status-1.jwt 17 invalid"}
	}
	var changes []consent.StatusChange
	for i := 1; i < len(args); i += 2 {
		n, err := strconv.ParseInt(args[i], 10, 64)
		if err != nil {
			return &usageError{Text: fmt.Sprintf("%q is no index", args[i])}
		}
		changes = append(changes, consent.StatusChange{Index: n, To: args[i+1]})
	}
	old, err := readSmall(args[0], maxStatusFile)
	if err != nil {
		return err
	}
	in, err := p.statusInput(c)
	if err != nil {
		return err
	}
	if by := c.String("signed-by"); by != "" {
		if in.SignedBy, err = publicKey(by); err != nil {
			return &usageError{Text: "--signed-by: " + err.Error()}
		}
	}
	text, err := consent.ChangeStatusList(string(old), changes, in)
	if err != nil {
		return fmt.Errorf("%q: %w", args[0], err)
	}
	out := c.String("out")
	if out == "" {
		out = args[0]
	}
	return p.put(out, []byte(text+"\n"), c.String("key"))
}

func (p *program) statusShow(c *cli.Context) error {
	args := c.Args().Slice()
	if len(args) < 1 {
		return &usageError{Text: "status show needs a list"}
	}
	text, err := readSmall(args[0], maxStatusFile)
	if err != nil {
		return err
	}
	s, err := consent.ShowStatusList(string(text))
	if err != nil {
		return fmt.Errorf("%q: %w", args[0], err)
	}
	type one struct {
		Index  int64  `json:"index"`
		Status string `json:"status"`
	}
	shown := struct {
		*consent.StatusListShown
		Tokens []one `json:"tokens,omitempty"`
	}{StatusListShown: s}
	for _, a := range args[1:] {
		n, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return &usageError{Text: fmt.Sprintf("%q is no index", a)}
		}
		word, ok := s.At(n)
		if !ok {
			return fmt.Errorf("the list has no token %d; it has %d", n, s.Size)
		}
		shown.Tokens = append(shown.Tokens, one{n, word})
	}
	p.say("hint", "nothing of this is verified: a list counts where the issuer of a token signed it")
	return render.JSON(p.stdout, shown)
}
