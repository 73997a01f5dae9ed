package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Text writes an inspection for people.
func (in *Inspection) Text(w io.Writer, o Options) error {
	t := &text{o: o}
	format := in.Asset.Format
	if format == "" {
		format = "a container that is not known"
	}
	name, kind := in.Asset.Name, ""
	if in.Asset.Files > 0 {
		fmt.Fprintf(&t.b, "%s: a set of %s; size, tracks and boxes are those of\n", Clip(name), plural(in.Asset.Files, "file"))
		name = in.Asset.File
	}
	if in.Asset.Fragment {
		kind = ", a fragment"
	}
	fmt.Fprintf(&t.b, "%s: %s, %s%s\n", Clip(name), Clip(format), Size(in.Asset.Size), kind)
	t.b.WriteString("what follows is what the file says; nothing of it was held against a trust list\n")
	t.inspectedNotes(in)
	t.inspectedManifests(in)
	t.inspectedContent(in.Content)
	if len(in.Labels) > 0 {
		t.b.WriteString("\n")
		t.labels(in.Labels)
	}
	t.inspectedTracks(in)
	t.inspectedBoxes(in)
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *text) inspectedNotes(in *Inspection) {
	t.b.WriteString("\n")
	switch {
	case in.Store == nil && in.Asset.Fragment:
		writeWrapped(&t.b, "", "no manifest store: that of a fragment is in its initialization segment; name the playlist, its folder with --set, or that segment with --fragment and this file")
	case in.Store == nil:
		t.b.WriteString("no manifest store")
		if len(in.Notes) > 0 {
			t.b.WriteString(" that can be read")
		}
		t.b.WriteString("\n")
	default:
		where := fmt.Sprintf("at byte %d", in.Store.Offset)
		if in.Store.Offset < 0 {
			where = "in a file of its own"
		}
		fmt.Fprintf(&t.b, "manifest store: %s, %s %s\n", Clip(in.Store.Carrier), Size(in.Store.Size), where)
	}
	for i, n := range in.Notes {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(in.Notes)-i, "note"))
			break
		}
		writeWrapped(&t.b, "  ", Safe(n))
	}
}

func (t *text) inspectedManifests(in *Inspection) {
	for i := range in.Manifests {
		if i == maxManifests {
			fmt.Fprintf(&t.b, "\n%s; --format json has them all\n", more(len(in.Manifests)-i, "manifest"))
			return
		}
		m := &in.Manifests[i]
		head := fmt.Sprintf("manifest %d: %s", i+1, Clip(m.Label))
		if m.Active {
			head += " (active)"
		}
		fmt.Fprintf(&t.b, "\n%s\n", t.bold(head))
		claim := "no claim that can be read"
		if m.ClaimVersion > 0 {
			claim = fmt.Sprintf("%s manifest, claim version %d", m.Type, m.ClaimVersion)
		}
		if m.Compressed {
			claim += ", compressed"
		}
		if m.Generator != "" {
			claim += ", made by " + Quote(m.Generator)
		}
		if m.Title != "" {
			claim += ", title " + Quote(m.Title)
		}
		fmt.Fprintf(&t.b, "  %s\n", claim)
		t.inspectedSignature(m.Signature)
		t.inspectedAssertions(m)
		for j, r := range m.Redacts {
			if j == maxListed {
				fmt.Fprintf(&t.b, "  %s\n", more(len(m.Redacts)-j, "redaction"))
				break
			}
			fmt.Fprintf(&t.b, "  redacts %s\n", Clip(r))
		}
	}
}

func (t *text) inspectedSignature(s *InspectedSignature) {
	if s == nil {
		t.b.WriteString("  no signature that can be read\n")
		return
	}
	alg, verdict := s.Algorithm, "does not verify"
	if s.Verifies {
		verdict = "verifies"
	}
	if alg == "" {
		alg = "of an unknown algorithm"
	}
	fmt.Fprintf(&t.b, "  signature %s %s\n", Clip(alg), verdict)
	for i, c := range s.Certificates {
		if i == maxListed {
			fmt.Fprintf(&t.b, "    %s\n", more(len(s.Certificates)-i, "certificate"))
			break
		}
		t.certificate("certificate", &c)
	}
	if st := s.TimeStamp; st != nil {
		at := "a time that cannot be read"
		if st.Time != nil {
			at = st.Time.Format(time.RFC3339)
		}
		fmt.Fprintf(&t.b, "    time-stamp %s (%s) by %s\n", at, Clip(st.Source), Quote(st.Authority))
		if st.Certificate != nil {
			t.certificate("authority", st.Certificate)
		}
	}
	if s.ClaimedTime != nil {
		fmt.Fprintf(&t.b, "    the signer says that it signed at %s\n", s.ClaimedTime.UTC().Format(time.RFC3339))
	}
}

func (t *text) certificate(kind string, c *InspectedCertificate) {
	fmt.Fprintf(&t.b, "    %s %s\n", kind, Quote(c.Subject))
	fmt.Fprintf(&t.b, "      issued by %s, %s, %s to %s\n", Quote(c.Issuer), c.Key, c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
	fmt.Fprintf(&t.b, "      sha256 %s\n", c.SHA256)
}

func (t *text) inspectedAssertions(m *InspectedManifest) {
	for i, a := range m.Assertions {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s; --format json has them all\n", more(len(m.Assertions)-i, "assertion"))
			break
		}
		attrs := []string{a.List}
		if a.Content != "" {
			attrs = append(attrs, Clip(a.Content), Size(int64(a.Size)))
		}
		switch {
		case a.Redacted:
			attrs = append(attrs, "redacted")
		case a.Content != "" && a.List == "none":
			attrs = append(attrs, "not listed by the claim")
		case a.Content != "" && !a.AsListed:
			attrs = append(attrs, "not as the claim lists it")
		}
		fmt.Fprintf(&t.b, "  %s (%s)\n", Clip(a.Label), strings.Join(attrs, ", "))
		writeWrapped(&t.b, "    ", a.Words)
	}
	for i, d := range m.DataBoxes {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(m.DataBoxes)-i, "data box"))
			break
		}
		t.b.WriteString("  " + d.words() + "\n")
	}
	for i, g := range m.Ingredients {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(m.Ingredients)-i, "ingredient"))
			break
		}
		line := fmt.Sprintf("  ingredient %s %s, recorded %s", Clip(g.Relationship), Quote(g.Title), words(g.Recorded))
		if g.Manifest != "" {
			line += ", manifest " + Clip(g.Manifest)
		}
		t.b.WriteString(line + "\n")
	}
}

func (d *InspectedData) words() string {
	parts := []string{"data box"}
	if d.Format == "" {
		parts = append(parts, "cannot be read")
	} else {
		parts = append(parts, Clip(d.Format), Size(int64(d.Size)))
	}
	for _, x := range d.Types[:min(len(d.Types), 3)] {
		parts = append(parts, Clip(x))
	}
	if !d.Named {
		parts = append(parts, "named by nothing that is signed")
	}
	return fmt.Sprintf("%s (%s)", Clip(d.Label), strings.Join(parts, ", "))
}

// inspectedContent explains a content hash: what it binds, what it leaves out and by which rule.
func (t *text) inspectedContent(c *InspectedContent) {
	if c == nil {
		return
	}
	fmt.Fprintf(&t.b, "\n%s\n", t.bold("content"))
	if len(c.Algs) == 0 {
		fmt.Fprintf(&t.b, "  %s: %s, nothing was hashed\n", Clip(c.Binding), words(c.State))
	} else {
		fmt.Fprintf(&t.b, "  %s: %s, %s bound by %s\n", Clip(c.Binding), words(c.State), Size(c.Bound), Clip(strings.Join(c.Algs, ", ")))
	}
	for i, e := range c.Excluded {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  … and %d more\n", len(c.Excluded)-i)
			break
		}
		line := "  leaves out "
		if e.Path != "" {
			line += Clip(e.Path) + ", "
		}
		line += fmt.Sprintf("bytes %d to %d", e.Offset, e.Offset+e.Length-1)
		if e.Rule != fmt.Sprintf("bytes %d+%d", e.Offset, e.Length) { // a rule that names the bytes says nothing new
			line += ", by " + Clip(e.Rule)
		}
		if !e.Expected {
			line += "; the specification does not ask for it"
		}
		t.b.WriteString(line + "\n")
	}
	t.inspectedRows(c)
	t.inspectedParts(c.Parts)
	if len(c.Damage) > 0 {
		writeWrapped(&t.b, "  changed: ", damage(c.Damage))
	}
	if c.Cause != nil {
		writeWrapped(&t.b, "  why: ", Safe(c.Cause.Explanation))
	}
	for _, n := range c.Notes[:min(len(c.Notes), maxListed)] {
		writeWrapped(&t.b, "  ", Safe(n))
	}
}

// inspectedParts counts the files of a set that are as signed, and names the others.
func (t *text) inspectedParts(list []InspectedPart) {
	if len(list) == 0 {
		return
	}
	bad := slices.DeleteFunc(slices.Clone(list), func(p InspectedPart) bool { return p.State == "intact" })
	fmt.Fprintf(&t.b, "  %d of %s as signed\n", len(list)-len(bad), plural(len(list), "part"))
	for i, p := range bad {
		if i == maxListed {
			fmt.Fprintf(&t.b, "    %s\n", more(len(bad)-i, "part"))
			return
		}
		name := Quote(p.Name)
		if p.Name == "" {
			name = "no file"
		}
		fmt.Fprintf(&t.b, "    %s: %s\n", name, Clip(p.Why))
	}
}

// inspectedRows walks a content hash part by part: what goes into which digest, with its offset in front or without, and
// whether the digest is the one that was signed.
func (t *text) inspectedRows(c *InspectedContent) {
	if len(c.Rows) > 0 {
		t.b.WriteString("  part by part (offset, size, what becomes of it):\n")
	}
	for i, p := range c.Rows {
		if i == maxTextBoxes {
			fmt.Fprintf(&t.b, "    %s\n", more(len(c.Rows)-i, "part"))
			break
		}
		what := "left out by " + Clip(p.Rule)
		switch {
		case p.Included && p.Prefix:
			what = "its offset, then its bytes, into: " + Clip(p.Digest)
		case p.Included:
			what = "its bytes into: " + Clip(p.Digest)
		}
		name := Clip(p.Path)
		if p.Path == "" {
			name = "bytes"
		}
		fmt.Fprintf(&t.b, "  %12d %12d  %s: %s\n", p.Offset, p.Length, name, what)
	}
	for i, d := range c.Digests {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(c.Digests)-i, "digest"))
			break
		}
		as := "as the assertion has it"
		switch {
		case !d.OK && d.Expected != nil:
			as = "the assertion has " + *d.Expected
		case !d.OK:
			as = "it does not lead to what the assertion has"
		case d.Expected == nil:
			as = "it leads to what the assertion has"
		}
		fmt.Fprintf(&t.b, "  digest of %s, %s: %s\n    %s\n", Clip(d.Name), Clip(d.Alg), as, d.Computed)
	}
}

// maxTextBoxes is how many boxes the text lists, and parts of a content hash.
const maxTextBoxes = 200

func (t *text) inspectedTracks(in *Inspection) {
	if len(in.Tracks) == 0 {
		return
	}
	fmt.Fprintf(&t.b, "\n%s\n", t.bold("tracks"))
	for i, tr := range in.Tracks {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(in.Tracks)-i, "track"))
			break
		}
		fmt.Fprintf(&t.b, "  track %d: %s, %s\n", tr.ID, Clip(tr.Handler), Clip(tr.Codec))
		for n, e := range tr.Edits {
			if n == maxListed {
				fmt.Fprintf(&t.b, "    %s\n", more(len(tr.Edits)-n, "edit"))
				break
			}
			fmt.Fprintf(&t.b, "    %s\n", e.words())
		}
	}
}

// words says what a player shows for an entry of an edit list.
func (e InspectedEdit) words() string {
	length := fmt.Sprintf("for %.3f s", float64(e.DurationMs)/1000)
	if e.DurationMs == 0 {
		length = "to the end"
	}
	if e.MediaMs == nil {
		return "edit: nothing " + length
	}
	s := fmt.Sprintf("edit: from %.3f s of the media %s", float64(*e.MediaMs)/1000, length)
	if e.Rate != 1 {
		s += fmt.Sprintf(" at %g times the speed", e.Rate)
	}
	return s
}

func (t *text) inspectedBoxes(in *Inspection) {
	if len(in.Boxes) == 0 {
		return
	}
	fmt.Fprintf(&t.b, "\n%s\n", t.bold("boxes (offset, size, type)"))
	for i, b := range in.Boxes {
		if i == maxTextBoxes {
			fmt.Fprintf(&t.b, "  %s\n", more(len(in.Boxes)-i+in.MoreBoxes, "box"))
			break
		}
		typ := b.Path[strings.LastIndexByte(b.Path, '/')+1:]
		if b.UUID != "" {
			typ += " " + b.UUID
		}
		fmt.Fprintf(&t.b, "  %12d %12d  %s%s\n", b.Offset, b.Size, strings.Repeat("  ", min(b.Depth, 16)), Clip(typ))
	}
	for i, p := range in.Problems {
		if i == maxListed {
			fmt.Fprintf(&t.b, "  %s\n", more(len(in.Problems)-i, "problem"))
			break
		}
		writeWrapped(&t.b, "  problem: ", fmt.Sprintf("%s at byte %d: %s", Clip(p.Path), p.Offset, Safe(p.Text)))
	}
}
