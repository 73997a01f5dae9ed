package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// invocation is a command line taken apart: the command, and its flags apart from its files.
type invocation struct {
	path    []string // names of the command and its subcommand
	command *cli.Command
	flags   []string
	files   []string
	help    bool
	version bool
}

// argv is the command line with the flags in front, as the flag package needs it.
func (in *invocation) argv() []string {
	if in.command.SkipFlagParsing {
		return append(slices.Clone(in.path), in.files...)
	}
	out := append(slices.Clone(in.path), in.flags...)
	return append(append(out, "--"), in.files...)
}

// resolve finds the command and sorts flags from files. Flags may stand before or after file names; after "--"
// everything is a file.
func resolve(commands []*cli.Command, args []string) (*invocation, error) {
	in := &invocation{}
	if len(args) > 0 && args[0] == "help" {
		in.help = true
		args = slices.DeleteFunc(slices.Clone(args[1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
	}
	level := commands
	for len(level) > 0 {
		if len(args) == 0 {
			if in.command != nil && !in.help {
				return nil, &usageError{Text: fmt.Sprintf("%s needs a subcommand: %s", strings.Join(in.path, " "), visibleNames(level)), Hint: helpHint(in.path)}
			}
			return in, nil
		}
		name := args[0]
		if strings.HasPrefix(name, "-") && name != "-" {
			return in, in.leadingFlag(name)
		}
		found := find(level, name)
		if found == nil {
			return nil, unknownCommand(level, in.path, name)
		}
		in.path, in.command, args, level = append(in.path, found.Name), found, args[1:], found.Subcommands
	}
	if in.command.SkipFlagParsing {
		in.files = args
		return in, nil
	}
	return in, in.sort(args)
}

// leadingFlag handles a flag in front of the command: only the two that speak of the whole program may stand there.
func (in *invocation) leadingFlag(name string) error {
	switch strings.TrimLeft(name, "-") {
	case "h", "help":
		in.help = true
		return nil
	case "version":
		in.version = true
		return nil
	}
	return &usageError{Text: fmt.Sprintf("flag %s before the command", name), Hint: "write the command first: consentry verify " + name + " … FILE"}
}

// sort splits the arguments of a command by its own flag table.
func (in *invocation) sort(args []string) error {
	given := map[string]string{} // values of flags that take one, by the flag's first name
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			in.files = append(in.files, args[i+1:]...)
			return nil
		}
		if a == "-" || !strings.HasPrefix(a, "-") {
			in.files = append(in.files, a)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if name == "h" || name == "help" {
			in.help = true
			continue
		}
		flag := findFlag(in.command.Flags, name)
		if flag == nil {
			return in.unknownFlag(a, name)
		}
		in.flags = append(in.flags, a)
		if _, isBool := flag.(*cli.BoolFlag); isBool || hasValue {
			if err := in.checkValue(flag, name, value, hasValue); err != nil {
				return err
			}
			if err := in.checkOnce(flag, name, value, given); err != nil {
				return err
			}
			continue
		}
		if i+1 == len(args) {
			return &usageError{Text: fmt.Sprintf("flag %s needs a value", a), Hint: helpHint(in.path)}
		}
		i++
		if err := in.checkValue(flag, name, args[i], true); err != nil {
			return err
		}
		if err := in.checkOnce(flag, name, args[i], given); err != nil {
			return err
		}
		// Joined, so that a value that begins with a dash stays a value.
		in.flags[len(in.flags)-1] = a + "=" + args[i]
	}
	return nil
}

// checkValue says in our own words what is wrong with a value, before the flag package says it in its own.
func (in *invocation) checkValue(flag cli.Flag, name, value string, given bool) error {
	wants := ""
	switch flag.(type) {
	case *cli.BoolFlag:
		if _, err := strconv.ParseBool(value); given && err != nil {
			return &usageError{Text: fmt.Sprintf("flag %s is given alone, without a value", dashed(name)), Hint: helpHint(in.path)}
		}
	case *cli.IntFlag:
		if _, err := strconv.ParseInt(value, 0, strconv.IntSize); err != nil {
			wants = "a whole number"
		}
	case *cli.Int64Flag:
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			wants = "a whole number"
		}
	case *cli.DurationFlag:
		if _, err := time.ParseDuration(value); err != nil {
			wants = "a time such as 30s or 5m"
		}
	}
	if wants == "" {
		return nil
	}
	return &usageError{Text: fmt.Sprintf("flag %s needs %s, not %q", dashed(name), wants, value), Hint: helpHint(in.path)}
}

// checkOnce refuses a second value for a flag that takes one: the first would be passed over in silence. The same value
// again changes nothing, and a flag without a value may be repeated.
func (in *invocation) checkOnce(flag cli.Flag, name, value string, given map[string]string) error {
	switch flag.(type) {
	case *cli.StringFlag, *cli.IntFlag, *cli.Int64Flag, *cli.DurationFlag:
	default:
		return nil
	}
	first, twice := given[flag.Names()[0]]
	if given[flag.Names()[0]] = value; !twice || first == value {
		return nil
	}
	return &usageError{Text: fmt.Sprintf("flag %s takes one value, and was given %q and %q", dashed(name), first, value), Hint: helpHint(in.path)}
}

func (in *invocation) unknownFlag(arg, name string) error {
	var names []string
	for _, f := range in.command.Flags {
		if !hiddenFlag(f) {
			names = append(names, f.Names()...)
		}
	}
	err := &usageError{Text: fmt.Sprintf("%s has no flag %s", strings.Join(in.path, " "), arg), Hint: helpHint(in.path)}
	if near := nearest(name, names, 1); len(near) > 0 {
		err.Hint = "did you mean " + dashed(near[0]) + "?"
	} else if _, statErr := os.Lstat(arg); statErr == nil {
		err.Hint = "a file name that begins with a dash goes after --"
	}
	return err
}

func unknownCommand(level []*cli.Command, path []string, name string) error {
	err := &usageError{Text: fmt.Sprintf("no command %q", strings.Join(append(slices.Clone(path), name), " ")), Hint: helpHint(path)}
	if _, statErr := os.Stat(name); statErr == nil && len(path) == 0 {
		err.Hint = "to judge a file: consentry verify " + name
		return err
	}
	var names []string
	for _, c := range level {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	if near := nearest(name, names, 1); len(near) > 0 {
		err.Hint = "did you mean " + strings.Join(append(append([]string{"consentry"}, path...), near[0]), " ") + "?"
	}
	return err
}

func helpHint(path []string) string {
	return strings.Join(append([]string{"consentry", "help"}, path...), " ") + " lists what there is"
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

func find(level []*cli.Command, name string) *cli.Command {
	for _, c := range level {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func findFlag(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func hiddenFlag(f cli.Flag) bool {
	v, ok := f.(cli.VisibleFlag)
	return ok && !v.IsVisible()
}

func visibleNames(level []*cli.Command) string {
	var names []string
	for _, c := range level {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}
