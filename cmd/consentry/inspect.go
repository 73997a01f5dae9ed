package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// inspectOptions is the command line of inspect, read.
type inspectOptions struct {
	file, manifest, format, out string
	hash, redactNames           bool
}

func (p *program) inspectCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "Show what is in a file, without judging it", ArgsUsage: "FILE",
		Description: "Shows the manifests with their claims, assertions and certificates, labels\n" +
			"outside C2PA, and the boxes of the container. Facts in the file's own words:\n" +
			"nobody is trusted, and nothing is looked up.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "hash", Usage: "hash the content too, and say what is bound"},
			&cli.StringFlag{Name: "manifest", Usage: "`FILE`: a detached manifest store"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
			&cli.StringFlag{Name: "o", Usage: "`FILE`: write the answer there"},
			redactFlag(),
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return &usageError{Text: fmt.Sprintf("inspect takes one file, not %d", c.NArg()), Hint: "consentry inspect clip.mp4"}
			}
			o := inspectOptions{c.Args().First(), c.String("manifest"), c.String("format"), c.String("o"), c.Bool("hash"), c.Bool("redact-names")}
			if o.format != "text" && o.format != "json" {
				return wordError("--format", o.format, []string{"text", "json"})
			}
			return p.inspect(c.Context, o)
		},
	}
}

// inspect shows what a file holds. That it can be read is all that its exit code says: 2 where it is of no known kind.
func (p *program) inspect(ctx context.Context, o inspectOptions) error {
	f, size, err := openFile(o.file)
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := p.openAnswer(o.out, []string{o.file, o.manifest})
	if err != nil {
		return err
	}
	defer out.abandon()

	loc, err := manifest.Locate(ctx, f, size, manifest.Limits{})
	if err != nil {
		return fmt.Errorf("%q: %w", o.file, err)
	}
	detached, carrier, err := storeOutside(loc, o.file, o.manifest)
	if err != nil {
		return err
	}
	if detached != nil {
		loc.Store, loc.Update, loc.Carrier, loc.StoreRange = detached, nil, carrier, manifest.Range{Offset: -1, Length: int64(len(detached))}
	}
	content := &manifest.Content{Data: f, Size: size, Located: loc, Detached: detached != nil}
	if !o.hash {
		content = nil
	}
	res, note, err := readStore(ctx, loc, content)
	if err != nil {
		return fmt.Errorf("%q: %w", o.file, err)
	}
	if res != nil && !o.hash {
		for i := range res.NotChecked {
			if res.NotChecked[i].What == "content" {
				res.NotChecked[i].Why = "not hashed; --hash does it and says what is bound"
			}
		}
	}
	in := render.NewInspection(o.file, size, loc, res)
	if note != "" {
		in.Notes = append(in.Notes, note)
	}
	found, err := labels.Read(ctx, labels.Source{Data: f, Size: size, Format: loc.Container, Boxes: loc.File, Parts: loc.Parts, Matroska: loc.Matroska, Flash: loc.Flash})
	if err != nil {
		return fmt.Errorf("%q: %w", o.file, err)
	}
	in.Labels = append([]report.Label{}, found.Labels...)
	for _, n := range found.Findings {
		if n.Code != "label.possible" { // the label itself says that
			in.Notes = append(in.Notes, n.Where+": "+n.Explanation)
		}
	}
	for _, n := range found.NotChecked {
		in.Notes = append(in.Notes, n.What+": "+n.Why)
	}
	if o.redactNames {
		if in, err = new(render.Names).Inspection(in); err != nil {
			return err
		}
	}
	if o.format == "json" {
		err = render.JSON(out, in)
	} else {
		err = in.Text(out, render.Options{Colour: o.out == "" && colour(p.stdout)})
	}
	if err != nil {
		return err
	}
	if loc.Container == "" && loc.Store == nil && len(in.Labels) == 0 {
		p.code = exitUnknown // nothing in it is of a kind that is read
	}
	return out.commit()
}

// readStore reads the store and what its manifests say. It trusts nobody. A store that cannot be read gives a note.
func readStore(ctx context.Context, loc *manifest.Located, content *manifest.Content) (*manifest.Result, string, error) {
	if loc.Store == nil {
		return nil, "", nil
	}
	store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	var syntax *manifest.SyntaxError
	if errors.As(err, &syntax) {
		return nil, "the manifest store cannot be read: " + syntax.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	res, err := store.Validate(ctx, content, manifest.Options{Now: time.Now().UTC()})
	var limit *manifest.LimitError
	if errors.As(err, &limit) && res != nil {
		return res, limit.Error(), nil
	}
	return res, "", err
}

// storeOutside reads the store that was named, or the one beside an asset that has none of its own; nil where there is
// none.
func storeOutside(loc *manifest.Located, asset, named string) (store []byte, carrier string, err error) {
	if named != "" {
		store, err = readSmall(named, maxBeside)
		return store, "detached", err
	}
	if loc.Store != nil || loc.Multiple || loc.Malformed {
		return nil, "", nil
	}
	store, _, err = besideNamed(asset, ".c2pa")
	return store, "sidecar", err
}
