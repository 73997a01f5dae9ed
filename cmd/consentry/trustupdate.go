package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/trust"
)

// officialLists are the addresses at which C2PA's conformance programme offers its lists.
var officialLists = []string{
	"https://raw.githubusercontent.com/c2pa-org/conformance-public/main/trust-list/C2PA-TRUST-LIST.json",
	"https://raw.githubusercontent.com/c2pa-org/conformance-public/main/trust-list/C2PA-TSA-TRUST-LIST.json",
	"https://raw.githubusercontent.com/c2pa-org/conformance-public/main/conforming-products/conforming-products-list.json",
}

// maxBundleFiles bounds the files of a bundle: two for each list there is are ten.
const maxBundleFiles = 32

// listKey stands before the keys of trust lists in the user's state, so that they are told from stewards.
const listKey = "list "

// trustFolder is where lists that were taken are kept: the user's data directory (XDG base directories). Empty: there is
// none.
func trustFolder() string {
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" || !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "consentry", "trust")
}

// listsInForce are the lists of the binary, and those that were taken and are not older.
func listsInForce() *trust.Set {
	dir := trustFolder()
	if dir == "" {
		return &trust.Set{}
	}
	return trust.Open(os.DirFS(dir))
}

func (p *program) trustUpdateCommands(format func() []cli.Flag) []*cli.Command {
	fetchFlag := &cli.BoolFlag{Name: "fetch", Usage: "get the official lists from their addresses"}
	listFlag := &cli.StringFlag{Name: "list", Usage: "`LIST` or LIST:USE that a PEM file is for"}
	datedFlag := &cli.StringFlag{Name: "dated", Usage: "`DAY` that the PEM file is of (default: today)"}
	return []*cli.Command{
		{
			Name: "diff", Usage: "Show what taking lists would change", ArgsUsage: "[FILE|DIR…]",
			Description: "Exit code 0: nothing, 1: something, 2: they cannot be taken.",
			Flags:       append(format(), fetchFlag, listFlag, datedFlag),
			Action: func(c *cli.Context) error {
				plan, err := p.trustPlan(c)
				if err != nil {
					return err
				}
				if err := p.showPlan(plan, c.String("format")); err != nil {
					return err
				}
				if err := plan.Refused(); err != nil {
					return err
				}
				if plan.Differs() {
					p.code = exitNot
				}
				return nil
			},
		},
		{
			Name: "update", Usage: "Update lists, from files or the official addresses", ArgsUsage: "[FILE|DIR…]",
			Description: "The difference is shown before anything is taken. The folder that is named then\n" +
				"can be removed, to go back to the lists of the program.",
			Flags: []cli.Flag{fetchFlag, listFlag, datedFlag, &cli.BoolFlag{Name: "yes", Usage: "take them without asking: for scripts"}},
			Action: func(c *cli.Context) error {
				plan, err := p.trustPlan(c)
				if err != nil {
					return err
				}
				return p.trustUpdate(plan, c.Bool("yes"))
			},
		},
	}
}

// trustPlan reads the lists that were named and holds them against those in force.
func (p *program) trustPlan(c *cli.Context) (*trust.Plan, error) {
	if c.Bool("fetch") == (c.NArg() > 0) {
		return nil, &usageError{Text: "trust " + c.Command.Name + " needs files or a folder with lists, or --fetch", Hint: "consentry trust " + c.Command.Name + " C2PA-TRUST-LIST.json"}
	}
	if c.Bool("fetch") && (c.String("list") != "" || c.String("dated") != "") {
		return nil, &usageError{Text: "--fetch takes the official lists: --list and --dated are for a PEM file", Hint: "consentry trust " + c.Command.Name + " --fetch"}
	}
	b := &trust.Bundle{}
	var err error
	if list := c.String("list"); list != "" || c.String("dated") != "" {
		err = readPEM(c.Args().Slice(), list, c.String("dated"), b)
	} else if c.Bool("fetch") {
		err = p.fetchLists(c.Context, &fetch.Getter{}, officialLists, b)
	} else {
		err = readBundle(c.Args().Slice(), b)
	}
	if err != nil {
		return nil, err
	}
	set := listsInForce()
	plan, err := set.Plan(b)
	if err != nil {
		return nil, err
	}
	plan.RefuseLater(time.Now())
	kept, err := openState()
	if err != nil {
		return nil, err
	}
	for i := range plan.Changes {
		ch := &plan.Changes[i]
		if last, known := kept.seen[listKey+ch.Title()]; known && int64(ch.To.Sequence) < last && ch.Refused == "" {
			ch.Refused = fmt.Sprintf("its number %d is lower than %d, which was seen before", ch.To.Sequence, last)
		}
	}
	return plan, nil
}

// readPEM reads a PEM bundle of anchors for a list, which is named as LIST or LIST:USE.
func readPEM(args []string, list, dated string, b *trust.Bundle) error {
	if list == "" || len(args) != 1 {
		return &usageError{Text: "a PEM file is taken alone, for one list", Hint: "consentry trust diff --list c2pa:tsa --dated 2026-08-05 TSA.pem"}
	}
	day := time.Now()
	if dated != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, dated); err != nil {
			return &usageError{Text: fmt.Sprintf("--dated %q is no day", dated), Hint: "a day is written like 2026-08-05"}
		}
		if day.After(time.Now()) {
			return &usageError{Text: fmt.Sprintf("--dated %s has not come yet", dated), Hint: "every list after it would be refused until then"}
		}
	}
	data, err := readSmall(args[0], trust.MaxList)
	if err != nil {
		return err
	}
	name, use, _ := strings.Cut(list, ":")
	if err := b.AddPEM(name, use, filepath.Base(args[0]), day, data); err != nil {
		return fmt.Errorf("%q: %w", args[0], err)
	}
	return nil
}

// readBundle reads files, and the files of folders.
func readBundle(args []string, b *trust.Bundle) error {
	var list []string
	for _, a := range args {
		info, err := os.Stat(a)
		if err != nil {
			return plainError(a, err)
		}
		if !info.IsDir() {
			list = append(list, a)
			continue
		}
		entries, err := os.ReadDir(a)
		if err != nil {
			return plainError(a, err)
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); e.Type().IsRegular() && (ext == ".json" || ext == ".der") {
				list = append(list, filepath.Join(a, e.Name()))
			}
		}
	}
	if len(list) == 0 {
		return &hintError{errors.New("there is no list"), "lists are files that end in .json, with .der beside them in the form of the embedded ones"}
	}
	if len(list) > maxBundleFiles {
		return fmt.Errorf("more than %d files", maxBundleFiles)
	}
	for _, name := range list {
		data, err := readSmall(name, trust.MaxList)
		if err != nil {
			return err
		}
		if err := b.Add(filepath.Base(name), data); err != nil {
			err = fmt.Errorf("%q: %w", name, err)
			if strings.Contains(string(data), "-----BEGIN ") {
				return &hintError{err, "--list c2pa:tsa says that it is for the time-stamp authorities of the list c2pa; verify takes anchors of your own with --trust"}
			}
			return err
		}
	}
	return nil
}

// getter gets a document of the web.
type getter interface {
	Get(ctx context.Context, address string, most int64) (status int, final string, body []byte, err error)
}

// fetchLists gets lists from their addresses, and says of each what came.
func (p *program) fetchLists(ctx context.Context, g getter, addresses []string, b *trust.Bundle) error {
	for _, a := range addresses {
		_, _, body, err := g.Get(ctx, a, trust.MaxList)
		if err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
		p.hintf("%s: %d bytes", a, len(body))
		if err := b.Add(a[strings.LastIndex(a, "/")+1:], body); err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
	}
	return nil
}

// showPlan writes what would change.
func (p *program) showPlan(plan *trust.Plan, format string) error {
	switch format {
	case "json":
		return render.JSON(p.stdout, map[string]any{"schema": "consentry.trust-diff/1", "differs": plan.Differs(), "changes": plan.Changes})
	case "text":
	default:
		return wordError("--format", format, []string{"text", "json"})
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		fmt.Fprintf(p.stdout, "%s\n  now   %s\n  then  %s\n", c.Title(), stateWords(&c.From), stateWords(&c.To))
		for _, kind := range []struct {
			sign string
			list []string
		}{{"+", c.Added}, {"-", c.Removed}, {"~", c.Changed}} {
			for _, who := range kind.list {
				fmt.Fprintf(p.stdout, "  %s %s\n", kind.sign, render.Clip(who))
			}
		}
		if c.Warning != "" {
			p.warnf("list %s: %s", c.Title(), c.Warning)
		}
		if !c.Differs() {
			fmt.Fprintln(p.stdout, "  the same")
		}
		if n := c.To.NextUpdate; n != nil && time.Now().After(*n) {
			p.warnf("list %s was due to be renewed on %s: ask its publisher for a newer one", c.Title(), n.UTC().Format(time.DateOnly))
		}
	}
	return nil
}

func stateWords(s *trust.State) string {
	parts := []string{fmt.Sprintf("%d entries", s.Entries)}
	if s.Entries == 1 {
		parts[0] = "1 entry"
	}
	if s.Sequence > 0 {
		parts = append(parts, fmt.Sprintf("number %d", s.Sequence))
	}
	if s.Issued != nil {
		parts = append(parts, "issued "+s.Issued.UTC().Format(time.DateOnly))
	}
	if s.NextUpdate != nil {
		parts = append(parts, "next update "+s.NextUpdate.UTC().Format(time.DateOnly))
	}
	if s.Date != "" {
		parts = append(parts, "last change "+render.Clip(s.Date))
	}
	return strings.Join(parts, ", ")
}

// trustUpdate shows the difference, asks, and takes the lists.
func (p *program) trustUpdate(plan *trust.Plan, yes bool) error {
	if err := p.showPlan(plan, "text"); err != nil {
		return err
	}
	if err := plan.Refused(); err != nil {
		return &hintError{err, "an older list may have anchors that were withdrawn since"}
	}
	if !plan.Differs() {
		return nil
	}
	if !yes {
		ok, err := p.confirmed()
		if err != nil || !ok {
			return err
		}
	}
	dir := trustFolder()
	if dir == "" {
		return errors.New("no folder for the user's data (XDG_DATA_HOME)")
	}
	if err := writeLists(dir, plan.Files); err != nil {
		return err
	}
	kept, err := openState()
	if err != nil {
		return err
	}
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.To.Sequence > 0 {
			kept.note(listKey+c.Title(), int64(c.To.Sequence))
		}
	}
	if err := kept.save(); err != nil {
		p.warnf("the numbers of the lists could not be kept: %v", err)
	}
	fmt.Fprintf(p.stdout, "taken: %s\n", render.Clip(dir))
	return nil
}

// confirmed asks on the terminal.
func (p *program) confirmed() (bool, error) {
	in, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false, &usageError{Text: "nothing was taken: there is nobody to ask", Hint: "look at the difference and say --yes"}
	}
	fmt.Fprint(p.stderr, "take these lists? [y/N] ")
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" {
		return false, nil
	}
	if a := strings.ToLower(strings.TrimSpace(line)); a == "y" || a == "yes" {
		return true, nil
	}
	p.hintf("nothing was taken")
	return false, nil
}

// writeLists puts the files in their place, the certificates before the list that counts them. Each is replaced at once.
func writeLists(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int { return strings.Compare(filepath.Ext(a)+a, filepath.Ext(b)+b) })
	for _, name := range names {
		f, err := os.CreateTemp(dir, ".list-*")
		if err != nil {
			return err
		}
		a := &answer{Writer: f, file: f, name: filepath.Join(dir, name)}
		if _, err = f.Write(files[name]); err == nil {
			err = a.commit()
		}
		a.abandon()
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetLists says what to do where a list that was taken cannot be read.
func forgetLists(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) || trustFolder() == "" {
		return err
	}
	return &hintError{err, fmt.Sprintf("remove %q to go back to the lists of the binary", trustFolder())}
}
