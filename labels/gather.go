package labels

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/consentry/consentry/internal/ebml"
	"github.com/consentry/consentry/internal/flv"
	"github.com/consentry/consentry/internal/id3"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/riff"
	"github.com/consentry/consentry/internal/still"
	"github.com/consentry/consentry/internal/xiph"
)

// gather collects the fields and packets of a file, by its container.
func (c *collector) gather(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := c.src
	switch {
	case s.Boxes != nil:
		return c.boxes(ctx)
	case s.Parts != nil:
		return c.divided(ctx)
	case s.Matroska != nil:
		return c.matroska(s.Matroska)
	case s.Flash != nil:
		c.flash(s.Flash)
	case s.Format == "":
		c.left("the container is not recognized")
	default:
		c.left("the metadata of " + s.Format + " files")
	}
	return nil
}

// section reads a part of the file as if it were one.
func (c *collector) section(at parts.Range) (io.ReaderAt, int64) {
	return io.NewSectionReader(c.src.Data, at.Offset, at.Length), at.Length
}

// take adds the fields that a walker found, each as what it is for.
func (c *collector) take(f *parts.Fields, as func(parts.Field) field) {
	c.left(f.Left)
	for _, x := range f.List {
		t := as(x)
		t.text, t.path, t.offset = string(x.Text), x.Path, x.Offset
		if t.name == "" {
			t.name = x.Name
		}
		c.fields = append(c.fields, t)
	}
}

// named is what a name that many containers share is for; own tells of other names.
func named(name string, own role) role {
	switch strings.ToLower(name) {
	case "encoder", "encoded_by", "encoding_tool", "software", "creation_tool", "tool", "writing_application", "com.apple.quicktime.software",
		"creator", "creatortool", "metadatacreator", "muxer", "generator":
		return tool
	case "comment", "description", "title", "synopsis", "com.apple.quicktime.comment", "com.apple.quicktime.description",
		"com.apple.quicktime.title", "com.apple.quicktime.displayname", "subject", "summary", "keywords":
		return prose
	}
	return own
}

// known is a field's name behind a blank where it is one of those that are looked for. Other names are the file's own
// words, and no part of a place.
func known(name string) string {
	switch {
	case strings.EqualFold(name, labelName), strings.EqualFold(name, promptTag), strings.EqualFold(name, workflowTag), strings.EqualFold(name, "parameters"),
		named(name, plain) != plain, name == "TSSE", name == "TENC", name == "COMM", name == "TIT2", name == jobTag, strings.HasPrefix(name, "EXIF "):
		return " " + name
	}
	return ""
}

// matroska reads tags, applications and attached covers. RFC 9559, 5.1.8.
func (c *collector) matroska(f *ebml.File) error {
	name := "Matroska"
	if f.DocType == "webm" {
		name = "WebM"
	}
	c.problems(f.Problems)
	c.take(&f.Fields, func(x parts.Field) field {
		switch x.Path {
		case ebml.PathMuxingApp, ebml.PathWritingApp:
			return field{carrier: name + " Info", role: tool}
		case ebml.PathTitle:
			return field{carrier: name + " Info", role: prose}
		}
		return field{carrier: name + " SimpleTag", role: named(x.Name, plain)}
	})
	for _, a := range f.Attachments {
		switch {
		case strings.HasPrefix(a.MediaType, "image/") && strings.HasPrefix(strings.ToLower(a.Name), "cover"):
			if err := c.cover(a.Range); err != nil {
				return err
			}
		case a.MediaType == "application/rdf+xml" || strings.HasSuffix(strings.ToLower(a.Name), ".xmp"):
			if err := c.packet(name+" attachment (XMP)", "/Segment/Attachments", a.Range); err != nil {
				return err
			}
		}
	}
	// A tag may hold a packet too: its name is not agreed upon, its beginning is.
	rest := c.fields[:0]
	for _, f := range c.fields {
		if isPacket(f.text) {
			if len(c.out.Packets) >= maxPackets {
				c.morePackets()
				rest = append(rest, f)
				continue
			}
			c.parse(f.carrier+" (XMP)", f.path, f.offset, []byte(f.text))
			continue
		}
		rest = append(rest, f)
	}
	c.fields = rest
	return nil
}

// isPacket says that a text is a packet of XMP. ISO 16684-1, 7.3.
func isPacket(text string) bool {
	t := strings.TrimLeft(text, "\uFEFF \t\r\n")
	return strings.HasPrefix(t, "<?xpacket") || strings.HasPrefix(t, "<x:xmpmeta") || strings.HasPrefix(t, "<rdf:RDF")
}

// flash reads the scripts of a Flash Video file.
func (c *collector) flash(f *flv.File) {
	c.problems(f.Problems)
	rest := parts.Fields{Left: f.Fields.Left} // the file stays as it was walked
	for _, x := range f.Fields.List {
		if x.Path == "onXMPData" {
			switch {
			case x.Name != "liveXML":
				c.left("a text of onXMPData that is not liveXML")
			case len(c.out.Packets) >= maxPackets:
				c.morePackets()
			default:
				c.parse("FLV onXMPData", x.Path, x.Offset, x.Text)
			}
			continue
		}
		rest.List = append(rest.List, x)
	}
	c.take(&rest, func(x parts.Field) field {
		return field{carrier: "FLV " + x.Path, role: named(x.Name, plain)}
	})
}

// problems says that a file's metadata end early. Bytes behind the end are no concern of labels.
func (c *collector) problems(list []parts.Problem) {
	for _, p := range list {
		if p.Kind != parts.Trailing {
			c.left("what follows, since " + p.Text)
			return
		}
	}
}

// divided reads the fields of a file that was walked part by part.
func (c *collector) divided(ctx context.Context) error {
	s := c.src
	kind := map[string]string{"avi": "AVI", "wav": "WAV", "webp": "WebP", "riff": "RIFF", "mp3": "ID3", "flac": "ID3", "jpeg": "JPEG", "png": "PNG"}[s.Format]
	for _, x := range s.Parts.XMP {
		if err := ctx.Err(); err != nil {
			return err
		}
		carrier := kind + " (XMP)"
		if s.Format == "avi" || s.Format == "wav" || s.Format == "riff" {
			carrier = kind + " _PMX"
		}
		if err := c.packet(carrier, carrier, x); err != nil {
			return err
		}
	}
	switch s.Format {
	case "avi", "wav", "webp", "riff":
		return c.riff(kind)
	case "mp3", "flac":
		return c.sound()
	case "ogg":
		return c.ogg()
	case "jpeg", "png":
		f, err := still.Texts(s.Data, s.Size, s.Parts)
		if err != nil {
			return err
		}
		c.picture(f, kind, "")
	}
	return nil
}

// riff reads INFO lists, the chunk for the label, and an ID3 tag in a chunk of its own.
func (c *collector) riff(kind string) error {
	f, err := riff.Texts(c.src.Data, c.src.Size, c.src.Parts)
	if err != nil {
		return err
	}
	roles := map[string]role{"ISFT": tool, "ITCH": tool, "IENC": tool, "ICMT": prose, "INAM": prose, "ISBJ": prose}
	c.take(f, func(x parts.Field) field {
		if !strings.Contains(x.Path, "/LIST[") {
			return field{carrier: "RIFF chunk " + x.Name, role: plain}
		}
		return field{carrier: kind + " LIST INFO", role: roles[x.Name]}
	})
	for i := range c.src.Parts.Parts {
		p := &c.src.Parts.Parts[i]
		if p.Name != "id3 " && p.Name != "ID3 " || p.Length < 8 {
			continue
		}
		if err := c.id3(parts.Range{Offset: p.Offset + 8, Length: p.Length - 8}); err != nil {
			return err
		}
	}
	return nil
}

// sound reads ID3 tags, and the blocks of a FLAC stream behind them.
func (c *collector) sound() error {
	if err := c.id3(parts.Range{Length: c.src.Size}); err != nil || c.src.Format != "flac" {
		return err
	}
	for i := range c.src.Parts.Parts {
		p := &c.src.Parts.Parts[i]
		if p.Path != "audio" {
			continue
		}
		f, err := xiph.FLAC(c.src.Data, c.src.Size, p.Offset)
		if err != nil {
			return err
		}
		return c.comments(f)
	}
	return nil
}

// id3 reads the tags at the start of a part of the file.
func (c *collector) id3(at parts.Range) error {
	f, err := id3.Texts(c.section(at))
	if err != nil {
		return err
	}
	for i := range f.List {
		if f.List[i].Offset >= 0 {
			f.List[i].Offset += at.Offset
		}
	}
	c.take(f, func(x parts.Field) field {
		name, own := strings.CutPrefix(x.Name, "TXXX:")
		t := field{carrier: "ID3" + known(x.Name)}
		if own {
			t.carrier = "ID3 TXXX" + strings.Replace(known(name), " ", ":", 1)
		}
		t.name = name
		switch {
		case own:
			t.role = named(name, plain)
		case name == "TSSE" || name == "TENC":
			t.role = tool
		default:
			t.role = prose
		}
		return t
	})
	for _, p := range f.Pictures {
		p.Offset += at.Offset
		if err := c.cover(p.Range); err != nil {
			return err
		}
	}
	return nil
}

// ogg reads the comments of all bitstreams.
func (c *collector) ogg() error {
	var starts []int64
	for i := range c.src.Parts.Parts {
		if p := &c.src.Parts.Parts[i]; strings.HasPrefix(p.Name, "Stream-") {
			starts = append(starts, p.Offset)
		}
	}
	f, err := xiph.Ogg(c.src.Data, c.src.Size, starts)
	if err != nil {
		return err
	}
	return c.comments(f)
}

func (c *collector) comments(f *xiph.File) error {
	c.problems(f.Problems)
	c.take(&f.Fields, func(x parts.Field) field {
		if x.Path == "vendor" {
			return field{carrier: "Vorbis comment (vendor)", role: tool}
		}
		return field{carrier: "Vorbis comment" + known(x.Name), role: named(x.Name, plain)}
	})
	for _, p := range f.Fields.Pictures {
		if err := c.cover(p.Range); err != nil {
			return err
		}
	}
	return nil
}

// cover reads the labels of a picture that stands in the file beside its content.
func (c *collector) cover(at parts.Range) error {
	head, err := parts.NewReader(c.src.Data, c.src.Size).Upto(at.Offset, min(at.Length, 8))
	if err != nil {
		return err
	}
	r, size := c.section(at)
	var f *parts.File
	kind := ""
	switch {
	case strings.HasPrefix(string(head), "\x89PNG"):
		kind = "PNG"
		f, err = still.PNG(r, size)
	case strings.HasPrefix(string(head), "\xff\xd8\xff"):
		kind = "JPEG"
		f, err = still.JPEG(r, size)
	default:
		return nil
	}
	var limit *parts.LimitError
	if errors.As(err, &limit) {
		c.left("the cover picture: " + limit.Error())
		return nil
	}
	if err != nil {
		return err
	}
	t, err := still.Texts(r, size, f)
	if err != nil {
		return err
	}
	for i := range t.List {
		if t.List[i].Offset >= 0 {
			t.List[i].Offset += at.Offset
		}
	}
	c.picture(t, kind, Cover)
	return nil
}

// picture takes the texts of a still picture.
func (c *collector) picture(f *parts.Fields, kind, scope string) {
	prefix := ""
	if scope == Cover {
		prefix = "cover art "
	}
	c.take(f, func(x parts.Field) field {
		t := field{scope: scope, carrier: prefix + kind + known(x.Name), role: named(x.Name, plain)}
		switch {
		case x.Name == "EXIF Software":
			t.role = tool
		case x.Name == "EXIF UserComment":
			t.role = bare
		case kind == "PNG":
			t.carrier = prefix + kind + " text" + known(x.Name)
		case kind == "JPEG" && x.Name == labelName:
			t.carrier = prefix + kind + " application segment"
		}
		return t
	})
}
