// Command mutants tells how well the tests of a package watch over it: it takes every check out, one at a time, and
// lists those whose absence no test notices.
//
//	go run ./internal/mutants -time 20m -also . -equivalent internal/mutants/consent.txt consent
//
// All mutants are compiled once, each behind a number that the environment picks, so that one costs a run of the tests
// and no build. Nothing is written into the source tree. It refuses a package whose tests fail without a mutant.
//
// Some changes no test can notice, since they change nothing that can be seen. They stand in a list with the reason
// (see [readEquivalents]); a line of it that names no change, or one that a test notices after all, is an error.
//
//	go run ./internal/mutants -also . -threats internal/mutants/threats.txt consent
//
// takes out those checks alone that a list gives for named threats, and wants each threat's own test to fail (see
// [readThreats]).
// Start with [instrument].
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	folder string        // the package whose code is changed
	also   []string      // packages whose tests watch over it too
	files  []string      // base names; empty: all
	filter string        // of the tests of the packages in also
	skip   string        // tests that are not run: those that measure time fail on a busy machine, mutant or none
	limit  time.Duration // of the whole run
	list   string        // file of the changes that nothing can notice; empty: none
	proof  string        // file of the threats and their checks, which are proved instead; empty: none
}

func readOptions(args []string) (*options, error) {
	o := &options{}
	set := flag.NewFlagSet("mutants", flag.ContinueOnError)
	also := set.String("also", "", "further `PACKAGES` whose tests are run, with commas")
	files := set.String("files", "", "only these `FILES`, with commas")
	set.StringVar(&o.filter, "run", "", "`PATTERN` of the tests of the further packages")
	set.StringVar(&o.skip, "skip", "^$", "`PATTERN` of tests that are not run, since they measure time")
	set.StringVar(&o.list, "equivalent", "", "`FILE` that lists the changes that nothing can notice")
	set.StringVar(&o.proof, "threats", "", "`FILE` that lists threats with their checks: prove these alone, by the tests of -also")
	set.DurationVar(&o.limit, "time", 20*time.Minute, "of the whole run")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() != 1 {
		return nil, fmt.Errorf("usage: mutants [flags] FOLDER")
	}
	o.folder = filepath.Clean(set.Arg(0))
	o.also = split(*also)
	o.files = split(*files)
	if o.proof != "" && len(o.also) != 1 {
		return nil, fmt.Errorf("-threats needs one package in -also, whose tests name the threats")
	}
	return o, nil
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func run(args []string, out io.Writer) error {
	o, err := readOptions(args)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	mutants, overlay, err := rewrite(o, work)
	if err != nil {
		return err
	}
	if o.proof != "" {
		text, err := os.ReadFile(o.proof)
		if err != nil {
			return err
		}
		list, err := readThreats(text)
		if err != nil {
			return fmt.Errorf("%s: %w", o.proof, err)
		}
		b := &binary{folder: o.also[0], file: filepath.Join(work, "test")}
		if err := b.build(overlay); err != nil {
			return err
		}
		return prove(list, mutants, b, out)
	}
	equivalent := map[string]bool{}
	if o.list != "" {
		text, err := os.ReadFile(o.list)
		if err != nil {
			return err
		}
		if equivalent, err = readEquivalents(text); err != nil {
			return fmt.Errorf("%s: %w", o.list, err)
		}
		if err := stale(equivalent, mutants, o.files); err != nil {
			return fmt.Errorf("%s: %w", o.list, err)
		}
	}
	var tests []test
	for i, p := range append([]string{o.folder}, o.also...) {
		b := &binary{folder: p, file: filepath.Join(work, fmt.Sprint("test", i))}
		if b.skip, err = regexp.Compile(o.skip); err != nil {
			return err
		}
		if i > 0 {
			b.filter = o.filter
		}
		if err := b.build(overlay); err != nil {
			return err
		}
		if err := b.baseline(work, out); err != nil {
			return err
		}
		tests = append(tests, b.tests...)
	}
	return judge(mutants, tests, equivalent, time.Now().Add(o.limit), out)
}

// rewrite writes changed copies of a package's files, and an overlay that puts them into the place of the files.
func rewrite(o *options, work string) (mutants []mutant, overlay string, err error) {
	names, err := filepath.Glob(filepath.Join(o.folder, "*.go"))
	if err != nil {
		return nil, "", err
	}
	replace := map[string]string{}
	pkg := ""
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || len(o.files) > 0 && !slices.Contains(o.files, filepath.Base(name)) {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, "", err
		}
		out, in, found, err := instrument(name, text, len(mutants))
		if err != nil {
			return nil, "", err
		}
		pkg = in
		mutants = append(mutants, found...)
		full, err := filepath.Abs(name)
		if err != nil {
			return nil, "", err
		}
		replace[full] = filepath.Join(work, filepath.Base(name))
		if err := os.WriteFile(replace[full], out, 0o600); err != nil {
			return nil, "", err
		}
	}
	if len(mutants) == 0 {
		return nil, "", fmt.Errorf("%s: nothing to change", o.folder)
	}
	full, err := filepath.Abs(filepath.Join(o.folder, "zz_mutants.go"))
	if err != nil {
		return nil, "", err
	}
	replace[full] = filepath.Join(work, "zz_mutants.go")
	if err := os.WriteFile(replace[full], []byte(strings.Replace(runtime, "package x", "package "+pkg, 1)), 0o600); err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	overlay = filepath.Join(work, "overlay.json")
	return mutants, overlay, os.WriteFile(overlay, text, 0o600)
}

// binary is the compiled tests of a package.
type binary struct {
	folder, file string
	filter       string
	skip         *regexp.Regexp
	tests        []test // quickest first
}

// test is one test function, and the mutants that it comes by.
type test struct {
	name    string
	in      *binary
	reached map[int]bool
	took    time.Duration
}

func (b *binary) build(overlay string) error {
	c := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", b.file, "./"+b.folder)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", b.folder, err, out)
	}
	return nil
}

// baseline runs the tests one by one without a mutant, and takes down which mutants each comes by.
func (b *binary) baseline(work string, w io.Writer) error {
	c := exec.Command(b.file, "-test.list", cmp.Or(b.filter, "^(Test|Fuzz)"))
	c.Dir = b.folder
	list, err := c.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", b.folder, err)
	}
	trace := filepath.Join(work, "reached")
	for _, name := range strings.Fields(string(list)) {
		if b.skip.MatchString(name) {
			continue
		}
		t := test{name: name, in: b, reached: map[int]bool{}}
		began := time.Now()
		if out, ok := t.run(context.Background(), "CONSENTRY_MUTANTS_REACHED="+trace); !ok {
			// One that measures what the code costs measures the counters too.
			if _, ok := t.run(context.Background(), "CONSENTRY_MUTANT=0"); !ok {
				return fmt.Errorf("%s: %s fails without a mutant\n%s", b.folder, name, out)
			}
			fmt.Fprintf(w, "%s is not used: it fails while the mutants that it comes by are counted\n", name)
			if err := os.Remove(trace); err != nil && !os.IsNotExist(err) {
				return err
			}
			continue
		}
		t.took = time.Since(began)
		text, err := os.ReadFile(trace)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		for _, n := range strings.Fields(string(text)) {
			id, err := strconv.Atoi(n)
			if err != nil {
				return err
			}
			t.reached[id] = true
		}
		if err := os.Remove(trace); err != nil {
			return err
		}
		b.tests = append(b.tests, t)
	}
	return nil
}

func (t *test) run(ctx context.Context, env string, more ...string) (output []byte, passed bool) {
	args := append([]string{"-test.failfast", "-test.count=1", "-test.run", "^" + t.name + "$"}, more...)
	c := exec.CommandContext(ctx, t.in.file, args...)
	c.Dir, c.Env = t.in.folder, append(os.Environ(), env, "GOMAXPROCS=1")
	output, err := c.CombinedOutput()
	return output, err == nil
}

// figures are how the mutants of a file, or all of them, fared.
type figures struct{ mutants, killed, equivalent, survived, left int }

func (f figures) String() string {
	return fmt.Sprintf("%d mutants, %d killed, %d equivalent, %d survived, %d not tried", f.mutants, f.killed, f.equivalent, f.survived, f.left)
}

// judge tries the mutants, and says which survive: the tests pass as if nothing were missing.
func judge(mutants []mutant, tests []test, equivalent map[string]bool, until time.Time, w io.Writer) error {
	var all figures
	var files []string
	of := map[string]*figures{}
	wrong := 0
	slices.SortStableFunc(tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	for _, m := range mutants {
		f := of[m.file]
		if f == nil {
			f = &figures{}
			of[m.file], files = f, append(files, m.file)
		}
		f.mutants++
		if time.Now().After(until) {
			f.left++
			continue
		}
		by, reached := m.killer(tests)
		switch {
		case by != "" && equivalent[m.name]:
			fmt.Fprintf(w, "%s: %s: is listed as equivalent, and %s notices it\n", m.at, m.what, by)
			f.killed++
			wrong++
		case by != "":
			f.killed++
		case equivalent[m.name]:
			f.equivalent++
		case reached:
			fmt.Fprintf(w, "%s: %s: survives\n", m.at, m.what)
			f.survived++
		default:
			fmt.Fprintf(w, "%s: %s: is reached by no test\n", m.at, m.what)
			f.survived++
		}
	}
	for _, name := range files {
		f := of[name]
		fmt.Fprintf(w, "%s: %v\n", name, *f)
		all.mutants, all.killed, all.equivalent = all.mutants+f.mutants, all.killed+f.killed, all.equivalent+f.equivalent
		all.survived, all.left = all.survived+f.survived, all.left+f.left
	}
	fmt.Fprintln(w, all)
	if wrong > 0 {
		return fmt.Errorf("%d listed as equivalent are noticed", wrong)
	}
	return nil
}

// killer is the test that notices a mutant; empty: none does.
func (m *mutant) killer(tests []test) (name string, reached bool) {
	for _, t := range tests {
		if !t.reached[m.id] {
			continue
		}
		reached = true
		ctx, cancel := context.WithTimeout(context.Background(), 10*t.took+5*time.Second)
		_, passed := t.run(ctx, "CONSENTRY_MUTANT="+strconv.Itoa(m.id))
		cancel()
		if !passed {
			return t.name, true
		}
	}
	return "", reached
}
