package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/fingerprint"
	"github.com/consentry/consentry/fingerprint/store"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

func (p *program) indexCommand() *cli.Command {
	return &cli.Command{
		Name: "index", Usage: "Keep the fingerprints of a folder's clips", ArgsUsage: "DIR…",
		Description: "Computes what each clip looks like, and notes what its manifest says, so that\n" +
			"\"find\" can tell where a copy comes from. Files that did not change since the\n" +
			"last time are not read again; those that are gone are forgotten.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "store", Usage: "`FILE` of the fingerprints; default in the user's state folder"},
			&cli.StringFlag{Name: "trust-list", Usage: "`NAMES` of embedded lists, with commas; none: no list"},
			&cli.StringSliceFlag{Name: "trust", Usage: "`PEM`: further anchors of claim signers"},
			&cli.IntFlag{Name: "jobs", Value: 1, Usage: "`N` files at a time; default 1"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return &usageError{Text: "index needs a folder", Hint: "consentry index clips"}
			}
			o := &verifyOptions{frames: "all", prints: "on", noState: true, trust: c.StringSlice("trust"), jobs: c.Int("jobs")}
			if c.IsSet("trust-list") {
				o.trustLists = strings.Split(c.String("trust-list"), ",")
			}
			if o.jobs < 1 {
				return &usageError{Text: "--jobs has to be 1 or more"}
			}
			name, err := storeFile(c.String("store"))
			if err != nil {
				return err
			}
			return p.index(c.Context, o, name, c.Args().Slice())
		},
	}
}

// storeFile is the file that fingerprints are kept in: the one that is named, or one in the user's state folder.
func storeFile(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	state := stateFile()
	if state == "" {
		return "", &usageError{Text: "there is no folder for the user's state (XDG_STATE_HOME)", Hint: "name a file with --store"}
	}
	return filepath.Join(filepath.Dir(state), "fingerprints"), nil
}

// openStore reads a store. A file that is not there is nil and no error.
func openStore(name string) (*store.Store, func(), error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, func() {}, nil
	}
	if err != nil {
		return nil, nil, plainError(name, err)
	}
	info, err := f.Stat()
	if err == nil {
		var s *store.Store
		if s, err = store.Open(f, info.Size()); err == nil {
			return s, func() { f.Close() }, nil
		}
	}
	f.Close()
	return nil, nil, fmt.Errorf("%q: %w", name, err)
}

// indexing is one run of index.
type indexing struct {
	kept, read, gone int
	failed, partly   []string // with the reason
	writer           store.Writer
}

// index reads what changed and writes the store anew. One that is interrupted keeps what it has read.
func (p *program) index(ctx context.Context, o *verifyOptions, name string, dirs []string) error {
	names, err := p.expandAssets(dirs, maxAssets)
	if err != nil {
		return err
	}
	v, err := newVerifier(o, p.warnf)
	if err != nil {
		return err
	}
	old, closeOld, err := openStore(name)
	if err != nil {
		return err
	}
	defer closeOld()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return plainError(name, err)
	}
	out, err := p.openAnswer(name, names)
	if err != nil {
		return err
	}
	defer out.abandon()

	run := &indexing{}
	todo, err := run.keep(old, dirs, names)
	if err != nil {
		return err
	}
	stopped := p.indexFiles(ctx, v, o.jobs, todo, run)
	if _, err := run.writer.WriteTo(out); err != nil {
		return fmt.Errorf("writing %q: %w", name, err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	for _, f := range slices.Concat(run.failed, run.partly) {
		p.say("warning", f)
	}
	fmt.Fprintf(p.stdout, "%s in %s: %d read, %d unchanged, %d gone, %d not indexed\n", report.Count(run.read+run.kept, "clip"), render.Safe(name), run.read, run.kept, run.gone, len(run.failed))
	if stopped != nil {
		return stopped
	}
	if len(run.failed)+len(run.partly) > 0 {
		p.code = exitUnknown
	}
	return nil
}

// keep takes over what an old store has of files that are as they were, and returns those that have to be read. Files
// outside the folders are kept as they are.
func (x *indexing) keep(old *store.Store, dirs, names []string) (todo []string, err error) {
	known := map[string]bool{}
	if old != nil {
		for i := range old.Len() {
			c, err := old.Clip(i)
			if err != nil {
				return nil, err
			}
			info, statErr := os.Stat(c.Path)
			switch {
			case errors.Is(statErr, fs.ErrNotExist):
				x.gone++
				continue
			case statErr == nil && (info.Size() != c.Size || !info.ModTime().Equal(c.Changed)):
				if within(c.Path, dirs) {
					continue // it is read again
				}
			}
			known[c.Path] = true
			x.kept++
			if within(c.Path, dirs) {
				x.inPart(c.Path, c.NotChecked)
			}
			if err := x.writer.Add(c, old.Prints(i)); err != nil {
				return nil, err
			}
		}
	}
	for _, n := range names {
		abs, err := filepath.Abs(n)
		if err != nil {
			return nil, err
		}
		if !known[abs] {
			known[abs] = true
			todo = append(todo, abs)
		}
	}
	return todo, nil
}

// inPart notes why a part of a clip has no fingerprint: each time, for a copy of that part cannot be found.
func (x *indexing) inPart(clip string, why []string) {
	for _, w := range why {
		x.partly = append(x.partly, fmt.Sprintf("%q: indexed in part: %s", clip, w))
	}
}

// within reports whether a file lies in one of the folders, or is one of the files.
func within(path string, dirs []string) bool {
	for _, d := range dirs {
		if abs, err := filepath.Abs(d); err == nil && (path == abs || strings.HasPrefix(path, abs+string(filepath.Separator))) {
			return true
		}
	}
	return false
}

// indexFiles reads files, several at a time, and adds them in their order. The error is that of the context.
func (p *program) indexFiles(ctx context.Context, v *consentry.Verifier, jobs int, todo []string, x *indexing) error {
	type done struct {
		clip   *store.Clip
		prints store.Prints
		err    error
	}
	for len(todo) > 0 {
		batch := todo[:min(jobs, len(todo))]
		todo = todo[len(batch):]
		results := make([]done, len(batch))
		var wait sync.WaitGroup
		for i, name := range batch {
			wait.Go(func() {
				r := &results[i]
				r.clip, r.prints, r.err = p.printsOf(ctx, v, name, fingerprint.StoreStep)
			})
		}
		wait.Wait()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for i, r := range results {
			if r.err == nil {
				r.err = x.writer.Add(r.clip, r.prints)
			}
			if r.err != nil {
				x.failed = append(x.failed, withName(batch[i], r.err).Error())
				continue
			}
			x.read++
			x.inPart(batch[i], r.clip.NotChecked)
		}
	}
	return nil
}

// errNoPicture says that a file has nothing to look at.
var errNoPicture = errors.New("no picture that has a fingerprint")

// printsOf verifies one file for its fingerprints and what its manifest says.
func (p *program) printsOf(ctx context.Context, v *consentry.Verifier, name string, step time.Duration) (*store.Clip, store.Prints, error) {
	var prints store.Prints
	one := *v
	one.Windows = func(v *fingerprint.Video) { prints = store.PrintsOf(v, step) }
	prints.Low = true
	info, err := os.Stat(name)
	if err != nil {
		return nil, prints, plainError(name, err)
	}
	j := p.judgeTarget(ctx, &one, nil, &verifyOptions{}, &target{name: name})
	if j.err != nil {
		return nil, prints, j.err
	}
	r := j.report()
	missing := unseen(r)
	switch {
	case len(r.Fingerprints) > 0:
	case len(missing) > 0:
		return nil, prints, errors.New(missing[0])
	default:
		return nil, prints, errNoPicture
	}
	c := &store.Clip{
		Path: name, Size: info.Size(), Changed: info.ModTime(), Indexed: r.ValidationTime, Code: r.Fingerprints[0].Value, Manifest: saidOf(r),
		NotChecked: missing,
	}
	if r.Asset.DurationMs != nil {
		c.DurationMs = *r.Asset.DurationMs
	}
	return c, prints, nil
}

// unseen says why part of a clip has no fingerprint, or all of it: nil where every picture went into it.
func unseen(r *report.Report) (why []string) {
	for _, n := range r.NotChecked {
		if (n.What == "pixels" || n.What == "fingerprint") && len(why) < maxKeptWhy {
			why = append(why, kept(&n.Why))
		}
	}
	return why
}

// Bounds of what is kept of a manifest: a description has to fit into a store.
const (
	maxKeptText   = 200 // bytes
	maxKeptPeople = 32
	maxKeptWhy    = 4
)

// saidOf is what a clip's manifest says, in a few words.
func saidOf(r *report.Report) store.Manifest {
	m := store.Manifest{Origin: r.Origin.State}
	pv := &r.Provenance
	if pv.State != nil {
		m.State = *pv.State
	}
	m.Label, m.Signer = kept(pv.ActiveManifest), kept(pv.Signer.Subject)
	if at := pv.Time.At; at != nil {
		m.SignedAt = at.UTC().Format(time.RFC3339)
	}
	if len(pv.Manifests) > 0 {
		m.Title, m.Generator = kept(&pv.Manifests[0].Title), kept(&pv.Manifests[0].Generator)
	}
	for _, person := range r.People[:min(len(r.People), maxKeptPeople)] {
		m.People = append(m.People, kept(&person.ID)+" "+person.State)
	}
	return m
}

// kept is as much of a text of a file as a store keeps.
func kept(s *string) string {
	if s == nil {
		return ""
	}
	if len(*s) > maxKeptText {
		return strings.ToValidUTF8((*s)[:maxKeptText], "") + "…"
	}
	return *s
}
