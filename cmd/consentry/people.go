package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// personsOptions is the command line of persons, read.
type personsOptions struct {
	file, declared, faceModel, modelsDir, format, out string
	crops                                             string
	fast, boxes, redactNames, pixelate, linkPersons   bool

	names render.Names    // that the answer does not give, where it was asked for
	found *report.Persons // as it was written
}

// hidden are the names that are hidden; nil: none are.
func (o *personsOptions) hidden() *render.Names {
	if o.redactNames {
		return &o.names
	}
	return nil
}

func (p *program) personsCommand() *cli.Command {
	return &cli.Command{
		Name: "persons", Usage: "Show who can be seen in a video, when and where", ArgsUsage: "FILE",
		Description: "Finds faces, follows them, and holds them against the regions that a consent\n" +
			"assertion declares: before signing, or alone. It says when and where somebody is\n" +
			"seen and never who; it keeps pictures with --crops only, and compares the faces\n" +
			"of the file with each other with --link-persons only.\n\n" +
			"Exit codes: 0 all was looked at, and with --declared an entry covers each\n" +
			"face; 1 a face that no entry of --declared covers; 2 could not tell, or not\n" +
			"of the whole file.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "declared", Usage: "`FILE`: a consent assertion in JSON"},
			&cli.StringFlag{Name: "face-model", Usage: "`FILE`: a detector of faces of your own (ONNX)"},
			&cli.StringFlag{Name: "models-dir", Usage: "`DIR` where \"models install\" put its files"},
			&cli.BoolFlag{Name: "fast", Usage: "look at four pictures a second: exit 2, partial"},
			&cli.BoolFlag{Name: "boxes", Usage: "the place of each face in each frame (JSON)"},
			linkFlag(),
			cropsFlag(),
			pixelateFlag(),
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
			&cli.StringFlag{Name: "o", Usage: "`FILE`: write the answer there"},
			redactFlag(),
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return &usageError{Text: fmt.Sprintf("persons takes one file, not %d", c.NArg()), Hint: "consentry persons clip.mp4"}
			}
			o := personsOptions{
				file: c.Args().First(), declared: c.String("declared"), faceModel: c.String("face-model"), modelsDir: c.String("models-dir"),
				format: c.String("format"), out: c.String("o"), fast: c.Bool("fast"), boxes: c.Bool("boxes"), redactNames: c.Bool("redact-names"),
				linkPersons: c.Bool("link-persons"), crops: c.String("crops"), pixelate: c.Bool("crops-pixelate"),
			}
			if err := checkCrops(c); err != nil {
				return err
			}
			if err := checkModels(o.faceModel, o.modelsDir); err != nil {
				return err
			}
			if o.format != "text" && o.format != "json" {
				return wordError("--format", o.format, []string{"text", "json"})
			}
			if o.boxes && o.format != "json" {
				return &usageError{Text: "--boxes is in the JSON answer only", Hint: "add --format json"}
			}
			return p.persons(c.Context, o)
		},
	}
}

// persons looks at the people in a file. The exit code says whether somebody is seen whom the declaration does not
// cover (1), and whether that could not be told (2).
func (p *program) persons(ctx context.Context, o personsOptions) error {
	declared, err := readDeclared(o.declared, o.redactNames)
	if err != nil {
		return err
	}
	f, size, err := openFile(o.file)
	if err != nil {
		return err
	}
	defer f.Close()
	pictures, err := openCrops(o.crops, o.pixelate)
	if err != nil {
		return err
	}
	out, err := p.openAnswer(o.out, []string{o.file, o.declared, o.faceModel})
	if err != nil {
		return err
	}
	defer out.abandon()

	v := &consentry.Verifier{Frames: video.AllFrames, Decoder: newDecoder(), Faces: facesFrom(o.faceModel, o.modelsDir), Boxes: o.boxes, Views: pictures != nil}
	if o.linkPersons {
		v.LinkFaces = describersFrom(o.faceModel, o.modelsDir)
	}
	if o.fast {
		v.Persons = consentry.PersonsFast
	}
	sight, err := v.LookAt(ctx, consentry.Asset{Name: o.file, Data: f, Size: size}, declared)
	if err != nil {
		return fmt.Errorf("%q: %w", o.file, err)
	}
	if err := o.write(out, sight, declared != nil); err != nil {
		return err
	}
	if pictures != nil {
		hint, err := writeCrops(pictures, "", o.file, sight.Asset.DurationMs, o.found, sight.Views, o.hidden())
		if err != nil {
			return err
		}
		p.hintf("%s", hint)
	}
	switch {
	case declared != nil && len(sight.Persons.AllUndeclared()) > 0:
		p.code = exitNot
	case sight.Persons.Status != persons.StatusAnalysed,
		sight.Persons.Links != nil && sight.Persons.Links.Status != persons.StatusAnalysed:
		p.code = exitUnknown
	}
	return out.commit()
}

// personsAnswer is the answer in JSON: the member persons of a report, with the file that was looked at. Members are
// added, never changed in meaning, within version 1.
type personsAnswer struct {
	Schema string       `json:"schema"`
	Tool   report.Tool  `json:"tool"`
	Asset  report.Asset `json:"asset"`
	*report.Persons
	NotChecked []report.NotChecked `json:"notChecked"`
}

// write writes what was seen; declared says that there was a declaration to hold it against.
func (o *personsOptions) write(w io.Writer, s *consentry.Sight, declared bool) error {
	found, left := &s.Persons, s.NotChecked
	if o.redactNames {
		var err error
		if found, left, err = o.names.Persons(found, left); err != nil {
			return err
		}
	}
	o.found = found
	if o.format == "json" {
		return render.JSON(w, personsAnswer{
			Schema: "consentry.persons/1", Tool: report.Tool{Name: "consentry", Version: toolVersion(), Spec: consentry.Spec},
			Asset: s.Asset, Persons: found, NotChecked: append([]report.NotChecked{}, left...),
		})
	}
	return render.PersonsText(w, o.file, found, left, declared)
}

// readDeclared reads a consent assertion in JSON; nil where none was named. What is wrong with it is said without the
// names in it where they are to be hidden.
func readDeclared(name string, redactNames bool) (*consent.Assertion, error) {
	if name == "" {
		return nil, nil
	}
	b, err := readSmall(name, consent.MaxAssertion)
	if err != nil {
		return nil, err
	}
	a, err := consent.ParseAssertion(b, false)
	var syntax *consent.SyntaxError
	if errors.As(err, &syntax) {
		if redactNames {
			err = errors.New(new(render.Names).Sentence(err.Error()))
		}
		return nil, &hintError{fmt.Errorf("%q is no consent assertion: %w", name, err), "docs/consent-format.md says what one looks like"}
	}
	return a, err
}
