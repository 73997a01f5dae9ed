package consentry_test

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// limitName is what constants that bound something are called.
var limitName = regexp.MustCompile(`^[mM]ax[A-Z]|[lL]imit$`)

// A constant that bounds something has a row in docs/limits.md: its value stands there in a row of a test of its
// package, as often as the package has constants of that value. So a limit that is new, or is changed, needs its row.
func TestEveryLimitOfTheCodeHasARow(t *testing.T) {
	values, all := limitValues(t), limitConstants(t)
	byName, seen := map[string]string{}, map[string]bool{}
	for _, c := range all {
		byName[c.folder+"."+c.name] = c.value
	}
	for _, c := range all {
		name := c.folder + "." + c.name
		if _, known := noRow[name]; known {
			seen[name] = true
			continue
		}
		if other := sameAs[name]; other != "" {
			if seen[name] = true; byName[other] != c.value {
				t.Errorf("%s = %s, and %s is %s", name, c.value, other, byName[other])
			}
			continue
		}
		in := c.folder
		if other := rowElsewhere[name]; other != "" {
			in, seen[name] = other, true
		}
		if v := values[in]; v[c.value] == 0 {
			t.Errorf("%s = %s: no row of docs/limits.md with a test in %s has this value", name, c.value, in)
		} else {
			v[c.value]--
		}
	}
	for list, names := range map[string]iter.Seq[string]{"noRow": maps.Keys(noRow), "sameAs": maps.Keys(sameAs), "rowElsewhere": maps.Keys(rowElsewhere)} {
		for name := range names {
			if !seen[name] {
				t.Errorf("%s names %s, which is not there", list, name)
			}
		}
	}
}

// rowElsewhere are limits whose rows name tests of another package: of the one that applies them.
var rowElsewhere = map[string]string{
	"consent.maxBundle":       ".",
	"consent.maxOrders":       ".",
	"consent.maxRoster":       ".",
	"consent.maxShown":        ".",
	"consent.maxSources":      ".",
	"detector.MaxPrograms":    ".",
	"internal/parts.MaxParts": "internal/riff",
	"persons.MaxFaces":        "persons/network",
	"persons.MaxSide":         "persons/network",
	"persons/jail.maxLibrary": "internal/confine",
	"video.MaxTag":            "video/jail",
	"video.MaxTags":           "video/jail",
}

// sameAs are limits that are another one, applied at another place.
var sameAs = map[string]string{
	"..maxIngredientDepth":             "origin.maxDepth",
	"cmd/consentry.maxStatusFile":      "consent.maxStatusText",
	"cmd/consentry.maxTrustFile":       "consent.maxTrustList",
	"fingerprint.maxWindows":           "fingerprint.MaxSamples",
	"internal/confine.maxMissing":      "persons/jail.maxMissing",
	"watermark/neural/jail.maxLibrary": "persons/jail.maxLibrary",
}

// noRow are constants that stand for no limit which a file or a user can reach by its value, each with the reason.
var noRow = map[string]string{
	"signing.maxUsages":            "words of a sentence; the rest is counted",
	"..maxPayloads":                "its row names no test: as many are the most that pictures can give",
	"..maxSpansInWords":            "words of a sentence; the report has all",
	"cmd/consentry.frugalLimit":    "when the garbage collector runs",
	"cmd/consentry.idleLimit":      "when the garbage collector runs",
	"cmd/consentry.maxEndings":     "words of a sentence; the rest is counted",
	"consent.maxDate":              "its row says the year",
	"consent.maxLife":              "its row says years",
	"consent.maxMinor":             "its row says years",
	"consent.maxTokenNodes":        "no text of a token's length holds more",
	"consent.placeLimit":           "a place, no bound",
	"fingerprint.MaxMatch":         "a threshold",
	"fingerprint.MaxTies":          "a threshold",
	"fingerprint.MaxWeak":          "a threshold",
	"fingerprint.maxLength":        "of a unit, by ISO 24138",
	"fingerprint/store.maxApart":   "a threshold",
	"internal/bmff.maxTime":        "keeps sums of times exact",
	"internal/confine.maxProg":     "the kernel's",
	"internal/crops.maxLabel":      "the width of a column",
	"internal/render.maxNamed":     "words of a line; the rest is counted",
	"manifest.maxBoxNames":         "the specification's: C2PA 2.5, 16.3.3",
	"persons.maxSamples":           "how finely a picture is sampled",
	"persons/install.maxUnpacked":  "the package is held against its pinned digest before it is unpacked",
	"persons/template.maxDims":     "the file is held against its pinned digest before it is read",
	"persons/template.maxEntries":  "the same",
	"persons/template.maxManifest": "the same",
	"persons/template.maxWeights":  "the same",
	"video/ffmpeg.maxThreads":      "how many of the decoder's threads there are",
	"video/jail.maxChroma":         "of the forms of pictures that there are",
	"video/jail.maxNumber":         "what an int of C holds",
	"visible.MaxLong":              "its row says how many times the shorter side",
	"visible.maxGap":               "a threshold",
	"voice.maxLag":                 "the lowest voice",
}

// limitNumber is a value in a cell: a power of two, or a number with commas and perhaps a unit.
var limitNumber = regexp.MustCompile(`2\^(\d+)|(\d[\d,]*)(?: (KiB|MiB|GiB))?`)

// limitValues are the values that the rows give, by the folders of the tests that they name.
func limitValues(t *testing.T) map[string]map[string]int {
	t.Helper()
	f, err := os.Open("docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cells := strings.Split(strings.Trim(lines.Text(), "| "), " | ")
		if len(cells) != 5 {
			continue
		}
		dirs, dir := []string{}, "."
		for _, m := range mention.FindAllStringSubmatch(cells[4], -1) {
			switch {
			case m[1] == "consentry":
				dir = "."
			case m[1] != "":
				dir = m[1]
			}
			if m[1] == "" || !strings.HasSuffix(cells[4], "`") {
				dirs = append(dirs, dir)
			}
		}
		slices.Sort(dirs)
		for _, d := range slices.Compact(dirs) {
			if out[d] == nil {
				out[d] = map[string]int{}
			}
			for _, m := range limitNumber.FindAllStringSubmatch(cells[0]+" "+cells[1], -1) {
				n, power := 0, m[1]
				if n, _ = strconv.Atoi(strings.ReplaceAll(m[2], ",", "")); power != "" {
					bits, _ := strconv.Atoi(power)
					n = 1 << min(bits, 62)
				}
				n <<= map[string]int{"KiB": 10, "MiB": 20, "GiB": 30}[m[3]]
				out[d][strconv.Itoa(n)]++
			}
		}
	}
	return out
}

// limitConstant is a constant that bounds something.
type limitConstant struct{ folder, name, value string }

// limitConstants finds them in all packages. One that takes the value of another package's is that one.
func limitConstants(t *testing.T) []limitConstant {
	t.Helper()
	files := map[string][]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || path == "build" || d.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		files[filepath.ToSlash(filepath.Dir(path))] = append(files[filepath.ToSlash(filepath.Dir(path))], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []limitConstant
	for folder, list := range files {
		conf := types.Config{Error: func(error) {}, Importer: noPackages{}}
		info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
		pkg, _ := conf.Check(folder, set, list, info)
		for id, o := range info.Defs {
			c, isConst := o.(*types.Const)
			if !isConst || !limitName.MatchString(id.Name) || c.Parent() != pkg.Scope() && c.Parent() == nil {
				continue
			}
			if v := constant.ToInt(c.Val()); v.Kind() == constant.Int {
				out = append(out, limitConstant{folder, id.Name, v.ExactString()})
			}
		}
	}
	slices.SortFunc(out, func(a, b limitConstant) int { return strings.Compare(a.folder+a.name, b.folder+b.name) })
	if len(out) < 300 {
		t.Errorf("only %d limits were found", len(out))
	}
	return out
}

// noPackages imports nothing: what a constant takes from another package has no value then.
type noPackages struct{}

func (noPackages) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not looked at", path)
}
