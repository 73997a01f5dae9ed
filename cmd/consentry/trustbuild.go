package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
)

func (p *program) trustBuildCommand() *cli.Command {
	return &cli.Command{
		Name: "build", Usage: "Make a consent trust list",
		Description: "Without --key the list is plain JSON, trusted by whoever is given it. Files\nthat the description names are looked for beside it.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "consent", Usage: "`FILE` that describes the list, in JSON or YAML"},
			&cli.StringFlag{Name: "out", Usage: "`FILE` for the list; default standard output"},
		}, keyFlags("the steward's")...),
		Action: func(c *cli.Context) error {
			file := c.String("consent")
			if file == "" || c.Args().Len() > 0 {
				return &usageError{Text: "trust build needs --consent FILE and nothing else", Hint: "consentry trust build --consent trust.yaml --out trust.json"}
			}
			in := consent.TrustListInput{Kid: c.String("kid"), Now: time.Now()}
			var err error
			if in.Description, err = readSmall(file, maxTrustFile); err != nil {
				return err
			}
			in.Read = func(name string) ([]byte, error) {
				if !filepath.IsAbs(name) {
					name = filepath.Join(filepath.Dir(file), name)
				}
				return readSmall(name, maxPEMFile)
			}
			if c.String("key") != "" {
				if in.Steward, err = p.signingKey(c); err != nil {
					return err
				}
			}
			text, err := consent.BuildTrustList(in)
			if err != nil {
				return fmt.Errorf("%q: %w", file, err)
			}
			return p.put(c.String("out"), text, file, c.String("key"))
		},
	}
}
