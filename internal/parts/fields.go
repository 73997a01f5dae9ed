package parts

// Limits of what is read of a file's metadata; docs/limits.md has the reasons and the tests.
const (
	MaxFields      = 4096    // fields of a file
	MaxField       = 1 << 20 // bytes of one
	MaxFieldsBytes = 8 << 20 // bytes of all
	// MaxFieldsWork bounds the bytes that are read or decompressed in search of fields, whether they become any or not.
	MaxFieldsWork = 32 << 20
)

// Field is a named text of a file's metadata.
type Field struct {
	Name   string // as the file gives it
	Path   string // for messages: where it stands
	Offset int64  // of the text in the file; -1: it does not stand there as it is
	Text   []byte // as it stands there, or decoded to UTF-8; it need not be valid
}

// Picture is a picture that a file carries beside its content, such as a cover.
type Picture struct {
	Path string
	Range
}

// Fields collects fields within the limits. The zero value is ready.
type Fields struct {
	List     []Field
	Pictures []Picture
	// Left says in plain words what was left out, and why; empty: nothing.
	Left        string
	bytes, work int64
}

// Spend says whether so many more bytes may be read or decompressed.
func (f *Fields) Spend(n int64) bool {
	if f.work += n; f.work > MaxFieldsWork {
		f.leave("more than 32 MiB of metadata")
		return false
	}
	return true
}

// Full says that no more fields are taken.
func (f *Fields) Full() bool { return len(f.List) >= MaxFields || f.work > MaxFieldsWork }

// Put takes a field.
func (f *Fields) Put(x Field) {
	if f.room(x.Path, int64(len(x.Text))) {
		f.List = append(f.List, x)
		f.bytes += int64(len(x.Text))
	}
}

// Read takes a field whose text stands in the file. Nothing over the limits is read.
func (f *Fields) Read(r *Reader, name, path string, at Range) error {
	if !f.room(path, at.Length) || !f.Spend(at.Length) {
		return nil
	}
	b, err := r.Upto(at.Offset, at.Length)
	if err != nil {
		return err
	}
	f.Put(Field{name, path, at.Offset, append([]byte(nil), b...)})
	return nil
}

// Picture takes a picture; it is not read.
func (f *Fields) Picture(p Picture) {
	if len(f.Pictures) == maxPictures {
		f.leave("more than 16 pictures beside the content")
		return
	}
	f.Pictures = append(f.Pictures, p)
}

// maxPictures is how many covers are looked at; files have one or two.
const maxPictures = 16

// Leave notes that something was left out, unless something is noted already.
func (f *Fields) Leave(why string) { f.leave(why) }

func (f *Fields) leave(why string) {
	if f.Left == "" {
		f.Left = why
	}
}

// room says whether a field of n bytes may be taken.
func (f *Fields) room(path string, n int64) bool {
	switch {
	case n > MaxField:
		f.leave("a text of more than 1 MiB (" + path + ")")
	case len(f.List) >= MaxFields:
		f.leave("more than 4096 texts (" + path + ")")
	case n > MaxFieldsBytes-f.bytes:
		f.leave("more than 8 MiB of texts (" + path + ")")
	default:
		return true
	}
	return false
}
