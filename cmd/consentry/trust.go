package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/trust"
)

func (p *program) trustCommand() *cli.Command {
	format := func() []cli.Flag {
		return []cli.Flag{&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"}}
	}
	return &cli.Command{
		Name: "trust", Usage: "Show and renew trust lists, make one for consent",
		Subcommands: append([]*cli.Command{
			{
				Name: "list", Usage: "List them with their dates", Flags: format(),
				Action: func(c *cli.Context) error {
					if c.NArg() > 0 {
						return &usageError{Text: "trust list takes no argument", Hint: "consentry trust show NAME shows one list"}
					}
					return p.trustList(c.String("format"))
				},
			},
			{
				Name: "show", Usage: "Show what one holds and where it comes from", ArgsUsage: "NAME", Flags: format(),
				Action: func(c *cli.Context) error {
					if c.NArg() != 1 {
						return &usageError{Text: "trust show needs one name: " + strings.Join(trust.Names(), ", ")}
					}
					return p.trustShow(c.Args().First(), c.String("format"))
				},
			},
			p.trustBuildCommand(),
		}, p.trustUpdateCommands(format)...),
	}
}

// trustUses says in words what a part of a list is for.
var trustUses = map[string]string{"claim": "claim signers", "tsa": "time-stamp authorities", "identity": "identity assertions"}

func (p *program) trustList(format string) error {
	var lists []*trust.List
	set := listsInForce()
	for _, name := range trust.Names() {
		l, err := set.Describe(name)
		if err != nil {
			return forgetLists(err)
		}
		lists = append(lists, l)
	}
	products, err := set.Products()
	if err != nil {
		return forgetLists(err)
	}
	switch format {
	case "json":
		return render.JSON(p.stdout, map[string]any{"schema": "consentry.trust/1", "lists": lists, "products": map[string]any{
			"updated": products.Updated, "source": products.Source, "entries": len(products.Products), "changed": products.Changed(),
		}})
	case "text":
	default:
		return wordError("--format", format, []string{"text", "json"})
	}
	for _, l := range lists {
		for i := range l.Parts {
			part := &l.Parts[i]
			fmt.Fprintf(p.stdout, "%-13s %-23s %s%s\n", l.Name, trustUses[part.Use], partWords(part), taken(l.Updated && !part.Carried()))
			if part.NextUpdate != nil && time.Now().After(*part.NextUpdate) {
				p.warnf("list %s was due to be renewed on %s: consentry trust update --fetch", l.Name, part.NextUpdate.UTC().Format(time.DateOnly))
			}
		}
	}
	fmt.Fprintf(p.stdout, "%-13s %-23s %d products, last change %s%s\n", "products", "conforming generators", len(products.Products), render.Clip(products.Changed()), taken(products.Updated))
	return nil
}

// taken marks a list that the binary does not carry.
func taken(updated bool) string {
	if updated {
		return "; updated"
	}
	return ""
}

// partWords sums a part of a list up in one line.
func partWords(part *trust.Part) string {
	words := []string{}
	if n := len(part.Anchors); n > 0 {
		words = append(words, report.Count(n, "anchor"))
	}
	if n := len(part.Allowed); n > 0 {
		words = append(words, report.Count(n, "certificate"))
	}
	switch {
	case part.Issued != nil:
		words = append(words, "issued "+part.Issued.UTC().Format(time.DateOnly))
	case len(part.Sources) > 0:
		words = append(words, "of "+part.Sources[0].Date)
	}
	if part.NextUpdate != nil {
		words = append(words, "next update "+part.NextUpdate.UTC().Format(time.DateOnly))
	}
	if part.Legacy {
		words = append(words, "frozen; off in the ci profile unless it is named")
	}
	return strings.Join(words, ", ")
}

func (p *program) trustShow(name, format string) error {
	if name == productsName {
		return p.showProducts(format)
	}
	l, err := listsInForce().Describe(name)
	if err != nil && slices.Contains(trust.Names(), name) {
		return forgetLists(err)
	}
	if err != nil {
		known := append(trust.Names(), productsName)
		usage := &usageError{Text: fmt.Sprintf("no trust list %q to show; there are %s", name, strings.Join(known, ", "))}
		if list, _, parted := strings.Cut(name, ":"); parted && slices.Contains(trust.Names(), list) {
			usage.Hint = fmt.Sprintf("a list is shown with all its parts: consentry trust show %s", list)
		} else if near := nearest(name, known, 1); len(near) > 0 {
			usage.Hint = "did you mean " + near[0] + "?"
		}
		return usage
	}
	switch format {
	case "json":
		return render.JSON(p.stdout, l)
	case "text":
	default:
		return wordError("--format", format, []string{"text", "json"})
	}
	for i := range l.Parts {
		if i > 0 {
			fmt.Fprintln(p.stdout)
		}
		p.showPart(l.Name, &l.Parts[i])
	}
	if l.Updated {
		fmt.Fprintf(p.stdout, "updated: %s\n", render.Clip(trustFolder()))
	}
	return nil
}

// productsName names the list of conforming products beside the trust lists.
const productsName = "products"

// showProducts shows the list of conforming products.
func (p *program) showProducts(format string) error {
	list, err := listsInForce().Products()
	if err != nil {
		return forgetLists(err)
	}
	switch format {
	case "json":
		return render.JSON(p.stdout, list)
	case "text":
	default:
		return wordError("--format", format, []string{"text", "json"})
	}
	s := &list.Source
	fmt.Fprintf(p.stdout, "%s: %d generators, last change %s%s\n", productsName, len(list.Products), render.Clip(list.Changed()), taken(list.Updated))
	fmt.Fprintf(p.stdout, "  from %s: %s, of %s, %s\n    sha256 %s\n", render.Safe(s.Repository), render.Safe(s.Path), render.Safe(s.Date), render.Safe(s.Licence), render.Safe(s.SHA256))
	for i := range list.Products {
		x := &list.Products[i]
		line := x.Name
		if x.Organization != "" {
			line += ", " + x.Organization
		}
		line += ": " + strings.ReplaceAll(x.Status, "_", " ")
		if len(x.Containers) > 0 {
			line += ", " + strings.Join(x.Containers, " ")
		}
		if len(x.Disallowed) > 0 {
			line += ", may not say " + strings.Join(x.Disallowed, " ")
		}
		fmt.Fprintf(p.stdout, "  %s\n", render.Clip(line))
	}
	return nil
}

func (p *program) showPart(name string, part *trust.Part) {
	fmt.Fprintf(p.stdout, "%s, %s: %s\n", name, trustUses[part.Use], render.Safe(part.Title))
	fmt.Fprintf(p.stdout, "  %s\n", partWords(part))
	for _, e := range part.EKUs {
		fmt.Fprintf(p.stdout, "  accepts the extended key usage %s\n", render.Safe(e))
	}
	for _, s := range part.Sources {
		fmt.Fprintf(p.stdout, "  from %s: %s, of %s, %s\n", render.Safe(s.Repository), render.Safe(s.Path), render.Safe(s.Date), render.Safe(s.Licence))
		fmt.Fprintf(p.stdout, "    sha256 %s\n", render.Safe(s.SHA256))
		if s.Attribution != "" {
			fmt.Fprintf(p.stdout, "    %s\n", render.Safe(s.Attribution))
		}
	}
	for _, a := range part.Anchors {
		line := "  " + render.Clip(a.Subject)
		if a.NotBefore != nil {
			line += ", from " + a.NotBefore.UTC().Format(time.DateOnly)
		}
		if a.NotAfter != nil {
			line += ", until " + a.NotAfter.UTC().Format(time.DateOnly)
		}
		fmt.Fprintln(p.stdout, line)
	}
	if n := len(part.Allowed); n > 0 {
		fmt.Fprintf(p.stdout, "  and %d certificates, by their digest alone\n", n)
	}
}
