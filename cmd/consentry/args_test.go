package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/watermark"
)

// argTable is a command table with every kind of flag.
func argTable() []*cli.Command {
	return []*cli.Command{
		{Name: "verify", Flags: []cli.Flag{
			&cli.StringFlag{Name: "profile"}, &cli.StringSliceFlag{Name: "trust"}, &cli.BoolFlag{Name: "strict"},
			&cli.StringFlag{Name: "o"}, &cli.IntFlag{Name: "jobs"}, &cli.DurationFlag{Name: "timeout"},
		}},
		{Name: "trust", Subcommands: []*cli.Command{{Name: "list", Flags: []cli.Flag{&cli.StringFlag{Name: "format"}}}}},
		{Name: "later", SkipFlagParsing: true},
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"flags-first", "verify --profile ci --strict a b", "verify --profile=ci --strict -- a b"},
		{"flags-last", "verify a b --profile ci --strict", "verify --profile=ci --strict -- a b"},
		{"flags-between", "verify a --profile ci b", "verify --profile=ci -- a b"},
		{"value-joined", "verify a --profile=ci", "verify --profile=ci -- a"},
		{"bool-with-value", "verify --strict=false a", "verify --strict=false -- a"},
		{"one-dash", "verify a -profile ci -o out", "verify -profile=ci -o=out -- a"},
		{"repeated", "verify --trust x a --trust y", "verify --trust=x --trust=y -- a"},
		{"repeated-alike", "verify --profile ci a --profile=ci --strict --strict", "verify --profile=ci --profile=ci --strict --strict -- a"},
		{"value-with-dash", "verify --profile --strict a", "verify --profile=--strict -- a"},
		{"value-with-equals", "verify --o a=b c", "verify --o=a=b -- c"},
		{"two-dashes", "verify --strict -- --profile a", "verify --strict -- --profile a"},
		{"lone-dash-is-a-file", "verify - --strict", "verify --strict -- -"},
		{"file-named-like-a-command", "verify verify help", "verify -- verify help"},
		{"subcommand", "trust list x --format json", "trust list --format=json -- x"},
		{"not-built-takes-anything", "later --any -x y", "later --any -x y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := resolve(argTable(), strings.Fields(c.args))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, strings.Join(in.argv(), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, c := range []struct{ name, args, want, hint string }{
		{"unknown-flag", "verify a --strikt", "verify has no flag --strikt", "did you mean --strict?"},
		{"flag-of-another-command", "verify a --format json", "verify has no flag --format", "consentry help verify lists what there is"},
		{"value-missing", "verify a --profile", "flag --profile needs a value", "consentry help verify lists what there is"},
		{"unknown-command", "verifi a", `no command "verifi"`, "did you mean consentry verify?"},
		{"unknown-subcommand", "trust lst", `no command "trust lst"`, "did you mean consentry trust list?"},
		{"subcommand-missing", "trust", "trust needs a subcommand: list", "consentry help trust lists what there is"},
		{"number-of-the-wrong-form", "verify a --jobs many", `flag --jobs needs a whole number, not "many"`, "consentry help verify lists what there is"},
		{"number-joined", "verify a --jobs=1.5", `flag --jobs needs a whole number, not "1.5"`, "consentry help verify lists what there is"},
		{"time-without-unit", "verify --timeout 3 a", `flag --timeout needs a time such as 30s or 5m, not "3"`, "consentry help verify lists what there is"},
		{"two-values-where-one-is-taken", "verify --profile ci a --profile=studio", `flag --profile takes one value, and was given "ci" and "studio"`, "consentry help verify lists what there is"},
		{"two-numbers-where-one-is-taken", "verify --jobs 1 -jobs 2 a", `flag --jobs takes one value, and was given "1" and "2"`, "consentry help verify lists what there is"},
		{"value-for-a-flag-that-has-none", "verify --strict=maybe a", "flag --strict is given alone, without a value", "consentry help verify lists what there is"},
		{"flag-before-command", "--strict verify a", "flag --strict before the command", "write the command first: consentry verify --strict … FILE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := resolve(argTable(), strings.Fields(c.args))
			usage, ok := err.(*usageError)
			if !ok {
				t.Fatalf("got %v, want a usage error", err)
			}
			if diff := cmp.Diff([2]string{c.want, c.hint}, [2]string{usage.Text, usage.Hint}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	words := []string{"verify", "inspect", "claimSignature.mismatch", "claimSignature.missing"}
	for _, c := range []struct{ word, want string }{
		{"verfy", "verify"},
		{"VERIFY", "verify"},
		{"evrify", "verify"},
		{"zzz", ""},
		{"claimsignature.mismatched", "claimSignature.mismatch claimSignature.missing"},
		{strings.Repeat("x", 65), ""},
	} {
		if got := strings.Join(nearest(c.word, words, 3), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.word, got, c.want)
		}
	}
}

func TestTooManyOwnMessages(t *testing.T) {
	args := []string{"verify"}
	for i := range watermark.MaxMessages + 1 {
		args = append(args, "--watermark", fmt.Sprintf("dwtDct:48:5C0%03XE9A3D7", i))
	}
	for _, n := range []int{watermark.MaxMessages, watermark.MaxMessages + 1} {
		var out, talk bytes.Buffer
		code := run(context.Background(), append(args[:1+2*n:1+2*n], "no-such-file.mp4"), strings.NewReader(""), &out, &talk)
		if many := strings.Contains(talk.String(), "marks can be looked for"); code != exitUnknown || many != (n > watermark.MaxMessages) {
			t.Errorf("%d: exit %d, %s", n, code, talk.String())
		}
	}
}
