package install_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
)

// item is the model's, with the digest of other bytes.
func item(content string) install.Item {
	it := install.Model()
	sum := sha256.Sum256([]byte(content))
	it.SHA256, it.Size = hex.EncodeToString(sum[:]), int64(len(content))
	return it
}

// wheel is a ZIP archive; names and contents by turns.
func wheel(t testing.TB, parts ...string) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

func reason(err error) string {
	var e *persons.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func TestUnpack(t *testing.T) {
	const content = "the weights"
	it := item(content)
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	for range 2 { // the second time it is replaced
		w := wheel(t, "other", "x", it.Member, content)
		path, err := it.Unpack(w, w.Size(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Fatalf("%q: %v", b, err)
		}
		if found, err := it.Find([]string{"", t.TempDir(), dir}); err != nil || found != path || it.Check(found) != nil {
			t.Errorf("found %s: %v", found, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
}

// behind is a file that begins with a hole.
type behind struct {
	r    io.ReaderAt
	hole int64
}

func (b *behind) ReadAt(p []byte, at int64) (int, error) {
	n := int(max(0, min(b.hole-at, int64(len(p)))))
	clear(p[:n])
	if n == len(p) {
		return n, nil
	}
	m, err := b.r.ReadAt(p[n:], max(at-b.hole, 0))
	return n + m, err
}

func TestUnpack_refuses(t *testing.T) {
	const content = "the weights"
	it := item(content)
	many := make([]string, 0, 20_002)
	for range 10_001 {
		many = append(many, "x", "")
	}
	for name, parts := range map[string][]string{
		"another file under the name": {it.Member, "the weighty"},
		"more than the file":          {it.Member, content + content},
		"a bomb":                      {it.Member, strings.Repeat("0", 1<<22)},
		"less than the file":          {it.Member, "the"},
		"a wheel without it":          {"centerface.onnx", content},
		"too many files":              many,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := wheel(t, parts...)
			if path, err := it.Unpack(w, w.Size(), dir); reason(err) != persons.ReasonModel || path != "" {
				t.Errorf("%q: %v", path, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%d files are left: %v", len(left), err)
			}
		})
	}
	w := wheel(t, append(many[:2*9_999:2*9_999], it.Member, content)...)
	if _, err := it.Unpack(w, w.Size(), t.TempDir()); err != nil {
		t.Errorf("as many files as may be: %v", err)
	}
	if _, err := it.Unpack(strings.NewReader("no archive"), 10, t.TempDir()); reason(err) != persons.ReasonModel {
		t.Errorf("no archive: %v", err)
	}
	// A hole and an empty archive behind it: as large as may be, it is searched for the file; one byte more, it is not.
	archive := wheel(t, "x", "")
	for size, said := range map[int64]string{256 << 20: "no " + it.Member, 256<<20 + 1: "larger than any"} {
		_, err := it.Unpack(&behind{archive, size - archive.Size()}, size, t.TempDir())
		if reason(err) != persons.ReasonModel || !strings.Contains(err.Error(), said) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestFind(t *testing.T) {
	it := item("right")
	if _, err := it.Find([]string{"", t.TempDir()}); reason(err) != persons.ReasonModel || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, it.Name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := it.Find([]string{dir}); reason(err) != persons.ReasonModel || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder of the name: %v", err)
	}
	wrong := t.TempDir()
	if err := os.WriteFile(filepath.Join(wrong, it.Name), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The first that there is counts: a wrong file is told, and not passed over for a right one further on.
	found, err := it.Find([]string{wrong, dir})
	if err != nil || filepath.Dir(found) != wrong || reason(it.Check(found)) != persons.ReasonModel {
		t.Errorf("%s: %v", found, err)
	}
	if _, err := install.ReadModel([]string{wrong}); reason(err) != persons.ReasonModel {
		t.Errorf("a model with another digest was read: %v", err)
	}
	if _, err := install.ReadModel(nil); reason(err) != persons.ReasonModel {
		t.Errorf("a model that is nowhere was read: %v", err)
	}
}

func TestReadOwnModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.onnx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		size int64
		ok   bool
	}{{5, true}, {128 << 20, true}, {128<<20 + 1, false}} {
		if err := f.Truncate(c.size); err != nil {
			t.Fatal(err)
		}
		b, err := install.ReadOwnModel(path)
		if c.ok != (err == nil) || c.ok != (int64(len(b)) == c.size) || !c.ok && reason(err) != persons.ReasonModel {
			t.Errorf("%d bytes: %d read: %v", c.size, len(b), err)
		}
	}
	if _, err := install.ReadOwnModel(path + "x"); reason(err) != persons.ReasonModel {
		t.Errorf("missing: %v", err)
	}
}

// What set-up installed is what the program wants, and what scripts/models.txt has pip fetch is what the program lists.
func TestItems(t *testing.T) {
	for _, it := range install.Items() {
		path, err := it.Find([]string{corpustest.Runtime(t), corpustest.Models(t)}) // set-up leaves the optional ones out where there is no npm
		if err != nil {
			t.Error(err)
			continue
		}
		if err := it.Check(path); err != nil {
			t.Error(err)
		}
	}
}

func TestItems_scripts(t *testing.T) {
	b, err := os.ReadFile("../../scripts/models.txt")
	if err != nil {
		t.Fatal(err)
	}
	items := install.Items()
	if len(items) == 0 {
		t.Fatal("nothing is listed")
	}
	for _, it := range items {
		if !strings.Contains(string(b), it.Wheel.SHA256+" "+it.Wheel.File+"\n") || !strings.Contains(it.Wheel.File, "-"+it.Version) {
			t.Errorf("%s: set-up takes another wheel than %s", it.Name, it.Wheel.File)
		}
	}
	if m, err := install.ReadModel([]string{corpustest.Models(t)}); err != nil || len(m) == 0 {
		t.Errorf("the model as its makers publish it: %v", err)
	}
}

// Whatever an archive is, what comes out of it is the file or nothing.
func FuzzUnpack(f *testing.F) {
	const content = "the weights"
	it := item(content)
	for _, parts := range [][]string{{it.Member, content}, {"x", "y", it.Member, content}, {it.Member, "other"}, {it.Member, content, it.Member, "again"}, {}} {
		b, err := io.ReadAll(wheel(f, parts...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path, err := it.Unpack(bytes.NewReader(b), int64(len(b)), t.TempDir())
		if err != nil {
			if path != "" || reason(err) != persons.ReasonModel {
				t.Fatalf("%q: %v", path, err)
			}
			return
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Fatalf("%q: %v", got, err)
		}
	})
}

// npmPackage is a tar archive in gzip; names and contents by turns.
func npmPackage(t testing.TB, parts ...string) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(parts); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: parts[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(parts[i+1]))})
		if err == nil {
			_, err = io.WriteString(w, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// templates is the item of the weights, with the digest of other bytes.
func templates(content string) install.Item {
	it := install.Templates()[0]
	sum := sha256.Sum256([]byte(content))
	it.SHA256, it.Size = hex.EncodeToString(sum[:]), int64(len(content))
	return it
}

// The weights come out of a package of npm's, which is another kind of archive.
func TestTemplates(t *testing.T) {
	it := templates("the weights")
	p := npmPackage(t, "package/readme", "x", it.Member, "the weights")
	path, err := it.Unpack(p, p.Size(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "the weights" {
		t.Fatalf("%q: %v", b, err)
	}
	weights, list, err := install.ReadTemplates([]string{corpustest.Models(t)})
	if err != nil || len(weights) != 6_444_032 || len(list) != 19_615 {
		t.Errorf("%d and %d bytes as they are published: %v", len(weights), len(list), err)
	}
	if _, _, err := install.ReadTemplates([]string{t.TempDir()}); reason(err) != persons.ReasonModel || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not installed: %v", err)
	}
}

func TestTemplates_refuses(t *testing.T) {
	it := templates("the weights")
	var many []string
	for range 10_001 {
		many = append(many, "x", "")
	}
	large := make([]byte, 64<<20)
	for name, parts := range map[string][]string{
		"nothing":               nil,
		"another file":          {"package/model/other", "the weights"},
		"other bytes":           {it.Member, "the height."},
		"longer":                {it.Member, "the weights and more"},
		"too many files":        append(many, it.Member, "the weights"),
		"more than is unpacked": {"1", string(large), "2", string(large), "3", string(large), "4", string(large), "5", string(large), "6", string(large), "7", string(large), "8", string(large), it.Member, "the weights"},
	} {
		p := npmPackage(t, parts...)
		if path, err := it.Unpack(p, p.Size(), t.TempDir()); path != "" || reason(err) != persons.ReasonModel {
			t.Errorf("%s: %q, %v", name, path, err)
		}
	}
	// As much as is unpacked, the weights at its end.
	p := npmPackage(t, append(many[:2*9_999], it.Member, "the weights")...)
	if _, err := it.Unpack(p, p.Size(), t.TempDir()); err != nil {
		t.Errorf("as many files as may be: %v", err)
	}
	if _, err := it.Unpack(strings.NewReader("no archive"), 10, t.TempDir()); reason(err) != persons.ReasonModel {
		t.Errorf("no archive: %v", err)
	}
}
