package consentry_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notReached is what a row without a test says: of what the kernel bounds, or a library.
const notReached = "not reached in tests"

// mention is a package, a test with the part of it that goes to the limit, or a script of the command.
var mention = regexp.MustCompile("`([^`]+)`|\\b((?:Test|Fuzz)\\w+)((?:/[\\w-]+)?)|\\b([\\w-]+\\.txtar)")

// A row of docs/limits.md names a package before the tests in it, or none for this one. A renamed test takes its row
// along.
func TestEveryLimitNamesATestThatThereIs(t *testing.T) {
	have := testFunctions(t)
	f, err := os.Open("docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, tests := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| limit |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 5 {
			t.Errorf("%d cells in place of five: %s", len(cells), line)
			continue
		}
		named := 0
		dir := "."
		for _, m := range mention.FindAllStringSubmatch(cells[4], -1) {
			switch {
			case m[1] == "consentry":
				dir = "."
			case m[1] != "":
				dir = m[1]
			case m[4] != "":
				named++
				if _, err := os.Stat(filepath.Join(dir, "testdata", "script", m[4])); err != nil {
					t.Errorf("%s: %v", cells[0], err)
				}
			default:
				named++
				if !have[filepath.ToSlash(filepath.Join(dir, m[2]))] {
					t.Errorf("%s: there is no %s in %s", cells[0], m[2], dir)
				}
			}
		}
		if strings.HasSuffix(cells[4], notReached) != (named == 0) {
			t.Errorf("%s: %q names %d tests", cells[0], cells[4], named)
		}
		tests += named
	}
	if rows < 300 || tests < rows {
		t.Errorf("%d rows with %d tests were found", rows, tests)
	}
}

// testFunctions are the tests and fuzz targets of the module, as folder/name.
func testFunctions(t *testing.T) map[string]bool {
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	have := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || path == "build" || d.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			have[filepath.ToSlash(filepath.Join(filepath.Dir(path), string(m[1])))] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return have
}
