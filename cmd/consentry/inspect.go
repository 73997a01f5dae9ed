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
	file, manifest, set, format, out string
	fragments                        []string
	hash, redactNames                bool
}

func (p *program) inspectCommand() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "Show what is in a file, without judging it", ArgsUsage: "FILE",
		Description: "Shows the manifests with their claims, assertions and certificates, labels\n" +
			"outside C2PA, and the boxes of MP4 files. Facts in the file's own words:\n" +
			"nobody is trusted, and nothing is looked up.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "hash", Usage: "hash the content too, and say box by box what is bound"},
			&cli.StringFlag{Name: "manifest", Usage: "`FILE`: a detached manifest store"},
			&cli.StringSliceFlag{Name: "fragment", Usage: "`FILE`: a fragment of the init segment given"},
			&cli.StringFlag{Name: "set", Usage: "`DIR` that holds one fragmented asset"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
			&cli.StringFlag{Name: "o", Usage: "`FILE`: write the answer there"},
			redactFlag(),
		},
		Action: func(c *cli.Context) error {
			o := inspectOptions{
				file: c.Args().First(), manifest: c.String("manifest"), set: c.String("set"), format: c.String("format"), out: c.String("o"),
				fragments: c.StringSlice("fragment"), hash: c.Bool("hash"), redactNames: c.Bool("redact-names"),
			}
			switch {
			case o.set != "" && c.NArg() > 0:
				return &usageError{Text: "--set takes the place of the file"}
			case o.set == "" && c.NArg() != 1:
				return &usageError{Text: fmt.Sprintf("inspect takes one file, not %d", c.NArg()), Hint: "consentry inspect clip.mp4"}
			}
			if o.format != "text" && o.format != "json" {
				return wordError("--format", o.format, []string{"text", "json"})
			}
			return p.inspect(c.Context, o)
		},
	}
}

// inspect shows what a file holds. That it can be read is all that its exit code says: 2 where it is of no known kind.
func (p *program) inspect(ctx context.Context, o inspectOptions) error {
	a, err := openInspected(ctx, o)
	if err != nil {
		return err
	}
	defer a.close()
	out, err := p.openAnswer(o.out, append(a.inputs, o.manifest))
	if err != nil {
		return err
	}
	defer out.abandon()

	loc, err := manifest.Locate(ctx, a.content.Data, a.content.Size, manifest.Limits{})
	if err != nil {
		return fmt.Errorf("%q: %w", a.name, err)
	}
	detached, carrier, err := a.storeOutside(loc, o.manifest)
	if err != nil {
		return err
	}
	if detached != nil {
		loc.Store, loc.Update, loc.Carrier, loc.StoreRange = detached, nil, carrier, manifest.Range{Offset: -1, Length: int64(len(detached))}
	}
	content := &a.content
	content.Located, content.Detached, content.Explain = loc, detached != nil, true
	if !o.hash {
		content = nil
	}
	res, note, err := readStore(ctx, loc, content)
	if err != nil {
		return fmt.Errorf("%q: %w", a.name, err)
	}
	if res != nil && !o.hash {
		for i := range res.NotChecked {
			if res.NotChecked[i].What == "content" {
				res.NotChecked[i].Why = "not hashed; --hash does it and says what is bound"
			}
		}
	}
	in := render.NewInspection(a.name, a.content.Size, loc, res)
	if a.set != nil {
		in.Asset.File, in.Asset.Files = a.set.first, len(a.set.asset.Parts)+1
	}
	if a.set == nil && loc.Container == "" {
		p.hintOfName(a.name)
	}
	if note != "" {
		in.Notes = append(in.Notes, note)
	}
	found, err := labels.Read(ctx, labels.Source{Data: a.content.Data, Size: a.content.Size, Format: loc.Container, Boxes: loc.File, Parts: loc.Parts, Matroska: loc.Matroska, Flash: loc.Flash})
	if err != nil {
		return fmt.Errorf("%q: %w", a.name, err)
	}
	in.Notes = append(in.Notes, a.notes...)
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
