package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/crops"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
)

func cropsFlag() cli.Flag {
	return &cli.StringFlag{Name: "crops", Usage: "`DIR`: write pictures of faces that no entry covers"}
}

func pixelateFlag() cli.Flag {
	return &cli.BoolFlag{Name: "crops-pixelate", Usage: "leave coarse blocks in those pictures"}
}

// checkCrops refuses what cannot be meant by the two flags.
func checkCrops(c *cli.Context) error {
	switch {
	case c.IsSet("crops") && c.String("crops") == "":
		return &usageError{Text: "--crops needs a folder"}
	case c.Bool("crops-pixelate") && !c.IsSet("crops"):
		return &usageError{Text: "--crops-pixelate speaks of the pictures that --crops writes"}
	}
	return nil
}

// openCrops opens the folder for pictures; nil: none are wanted.
func openCrops(dir string, pixelate bool) (*crops.Folder, error) {
	if dir == "" {
		return nil, nil
	}
	f, err := crops.Open(dir, pixelate)
	var foreign *crops.ForeignError
	switch {
	case errors.As(err, &foreign):
		return nil, &usageError{Text: "--crops: " + err.Error(), Hint: "name a folder that is empty, or not there yet"}
	case err != nil:
		return nil, fmt.Errorf("--crops: %w", plainError(dir, err))
	}
	return f, nil
}

// show writes the pictures of the faces that nobody declared. What goes wrong is an error of this file.
func (j *judged) show(f *crops.Folder, sub string) {
	if j.report() == nil {
		return
	}
	var names *render.Names
	if j.redacted {
		names = &j.names
	}
	r := j.report()
	hint, err := writeCrops(f, sub, r.Asset.Name, r.Asset.DurationMs, &r.Persons, j.res.Views, names)
	if err != nil {
		j.err = errors.Join(j.err, err)
		return
	}
	if sub != "" {
		hint = fmt.Sprintf("%q: %s", j.name, hint)
	}
	j.hint = hint
}

// coveredByNone counts faces. "Undeclared" is what a report calls a person for whom no consent is declared.
func coveredByNone(n int) string { return report.Count(n, "face") + " that no entry covers" }

// writeCrops writes the page and the pictures, and says for people what there is, or why there is nothing. names hides
// those of declared people, as in the report; nil: they stay. The tracks come without the names then.
func writeCrops(f *crops.Folder, sub, name string, durationMs *int64, p *report.Persons, views *consentry.Views, names *render.Names) (string, error) {
	switch {
	case views == nil && (p.Status == persons.StatusOff || p.Reason == nil):
		return "no picture was written: nobody looked for faces; --persons on has them looked for", nil
	case views == nil:
		return "no picture was written: persons were not analysed: " + *p.Reason, nil
	case len(views.List) == 0 && p.Status == persons.StatusPartial:
		return "no picture was written: in what was looked at there is no face that no entry covers", nil
	case len(views.List) == 0 && len(p.Tracks) == 0 && len(p.VideoTracks) == 0:
		return "no picture was written: no face was found", nil
	case len(views.List) == 0:
		return "no picture was written: an entry covers each face that was found", nil
	}
	s := &crops.Sheet{Name: filepath.Base(name), Tracks: p.Tracks, Undeclared: p.AllUndeclared(), Views: views.List, More: views.More, Unlisted: views.Unlisted}
	if durationMs != nil {
		s.DurationMs = *durationMs
	}
	for _, t := range p.VideoTracks {
		s.Tracks = append(s.Tracks[:len(s.Tracks):len(s.Tracks)], t.Tracks...)
	}
	for _, l := range views.Lanes {
		if names != nil {
			l.ID = names.Person(l.ID)
		}
		s.Lanes = append(s.Lanes, l)
	}
	path, err := f.Write(sub, s)
	if err != nil {
		return "", fmt.Errorf("--crops: %w", err)
	}
	made := 0
	for _, v := range views.List {
		if v.Picture != nil {
			made++
		}
	}
	hint := fmt.Sprintf("pictures of %d of %s: %q", made, coveredByNone(len(views.List)+views.More), path)
	if why := views.Missing(); why != "" {
		hint += "; " + why
	}
	if views.More > 0 {
		hint += fmt.Sprintf("; the limit is %d", consentry.MaxViews)
	}
	return hint, nil
}
