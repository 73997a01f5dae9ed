// Package labels reads what a file says of its own making outside C2PA: the label of generated content that Chinese
// services write (TC260, GB 45438-2025), XMP with IPTC's digital source type and properties of AI systems, node graphs
// and parameters of generators, names of tools, and encoder strings.
//
// Nobody signed any of it. A label that is there is evidence of its class and no proof; one that is not there is no
// evidence at all. Only a label in a place where labels are written counts: the same text in a title, in subtitles or
// in media data is none. What is broken is told and never taken for a declaration. Start with [Read].
package labels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/ebml"
	"github.com/consentry/consentry/internal/flv"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/xmp"
	"github.com/consentry/consentry/report"
)

// The kinds of labels.
const (
	TC260      = "tc260"
	SourceType = "xmp-digital-source-type"
	SystemUsed = "xmp-iptc-ai"
	ComfyUI    = "comfyui"
	Parameters = "generation-parameters"
	ToolTag    = "tool-tag"
	Encoder    = "encoder"
)

// What a label says of the origin.
const (
	Generated = "generated"
	Possible  = "possible"
	Captured  = "captured"
	Nothing   = "nothing"
)

// What a label speaks of.
const (
	WholeAsset = "asset"
	Cover      = "cover" // the cover picture, not the film
)

// Classes of strength: a structured declaration that nobody signed, a by-product of a tool, a weak hint.
const (
	classDeclared = "B"
	classTool     = "E"
	classHint     = "F"
)

// Source is a file whose container was walked; manifest.Located has what the walk gave.
type Source struct {
	Data     io.ReaderAt
	Size     int64
	Format   string      // by content
	Boxes    *bmff.File  // of a BMFF file
	Parts    *parts.File // of a RIFF, MP3, FLAC, Ogg, JPEG or PNG file
	Matroska *ebml.File  // of a Matroska or WebM file
	Flash    *flv.File   // of a Flash Video file
}

// Packet is a packet of XMP in a file, read.
type Packet struct {
	Carrier    string // such as uuid (XMP)
	Path       string // of the box or part
	Offset     int64
	Properties map[string]any // by [xmp.Name]
}

// Result is what a file's metadata say.
type Result struct {
	Labels   []report.Label
	Packets  []Packet
	Findings []report.Finding // label.possible, label.malformed, label.clash, consent.metadata.unreadable
	// NotChecked is what was not read, and why.
	NotChecked []report.NotChecked
}

// Limits of a file; docs/limits.md has the reasons and the tests.
const (
	// maxPackets bounds the packets that are read of one file; it has one, and two where an editor left an old one.
	maxPackets = 4
	// maxLabels bounds the labels of a file; those that say most come first.
	maxLabels = 256
	// maxFindings bounds what is told of labels.
	maxFindings = 64
)

// Read reads the labels of a file. It seeks and reads metadata only, in a few milliseconds whatever the file's size.
// An error means I/O or cancellation; what is wrong with the file is in the findings.
func Read(ctx context.Context, s Source) (*Result, error) {
	c := &collector{src: s, out: &Result{}}
	if err := c.gather(ctx); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	c.classify()
	c.out.Findings = append(c.out.Findings, c.possible()...)
	c.out.Findings = append(c.out.Findings, c.out.clashes()...)
	return c.out, nil
}

// field is a text of a file's metadata with where it comes from.
type field struct {
	name    string // as the container spells it
	text    string
	carrier string
	path    string
	offset  int64 // -1: it does not stand in the file as it is
	scope   string
	role    role
}

// role is what a field is for.
type role int

const (
	plain role = iota // a name of the writer's own choice
	bare              // no name at all
	tool              // what wrote the file
	prose             // written for people: a title, a comment
)

type collector struct {
	src    Source
	out    *Result
	fields []field
}

// left says that something was not read.
func (c *collector) left(why string) {
	if why == "" {
		return
	}
	n := report.NotChecked{What: "labels", Why: "not read: " + why}
	for _, x := range c.out.NotChecked {
		if x == n {
			return
		}
	}
	c.out.NotChecked = append(c.out.NotChecked, n)
}

func (c *collector) find(f report.Finding) {
	if len(c.out.Findings) < maxFindings {
		c.out.Findings = append(c.out.Findings, f)
	}
}

// at is a finding with the place of a field.
func at(f report.Finding, carrier string, offset int64) report.Finding {
	if offset < 0 {
		f.Where = carrier
		return f
	}
	return f.At(carrier, offset)
}

// label takes a label. The same one at the same place twice says nothing more.
func (c *collector) label(f field, l report.Label) {
	if len(c.out.Labels) >= maxLabels {
		c.left(fmt.Sprintf("more than %d labels", maxLabels))
		return
	}
	l.Carrier, l.Scope = f.carrier, f.scope
	if l.Scope == "" {
		l.Scope = WholeAsset
	}
	if f.offset >= 0 {
		l.Offset = &f.offset
	}
	c.out.Labels = append(c.out.Labels, l)
}

// malformed tells of a broken label.
func (c *collector) malformed(f field, why string) {
	c.find(at(report.New("label.malformed", "", why), f.carrier, f.offset))
}

// possible tells of the labels that leave open whether the content was generated, unless another says that it was.
func (c *collector) possible() []report.Finding {
	var out []report.Finding
	for _, l := range c.out.Labels {
		if l.Says == Generated && l.Scope == WholeAsset {
			return nil
		}
	}
	for _, l := range c.out.Labels {
		if l.Says != Possible && l.Says != Generated || len(out) == maxFindings {
			continue
		}
		offset := int64(-1)
		if l.Offset != nil {
			offset = *l.Offset
		}
		out = append(out, at(report.New("label.possible", "", l.Means), l.Carrier, offset))
	}
	return out
}

// classify makes labels of the fields, those that say most first.
func (c *collector) classify() {
	rest := c.fields[:0:0]
	for _, f := range c.fields {
		if !c.tc260(f) {
			rest = append(rest, f)
		}
	}
	for _, p := range c.out.Packets {
		c.properties(p)
	}
	rest = c.graphs(rest)
	for _, f := range rest {
		if parameters(f.text) {
			c.label(f, report.Label{
				Kind: Parameters, Value: shown(f.text), Class: classTool, Says: Possible,
				Means: "parameters of an image generator stand in the file: it may be generated",
			})
			continue
		}
		c.toolTag(f)
	}
	for _, f := range rest {
		c.encoder(f)
	}
}

// packet reads a packet of XMP.
func (c *collector) packet(carrier, path string, at parts.Range) error {
	if len(c.out.Packets) >= maxPackets {
		c.morePackets()
		return nil
	}
	if at.Length > xmp.MaxPacket {
		c.out.NotChecked = append(c.out.NotChecked, report.NotChecked{
			What: "XMP", Why: fmt.Sprintf("%s has %d bytes; the limit is %d", path, at.Length, xmp.MaxPacket),
		})
		return nil
	}
	b, err := parts.NewReader(c.src.Data, c.src.Size).Upto(at.Offset, at.Length)
	if err != nil {
		return err
	}
	c.parse(carrier, path, at.Offset, b)
	return nil
}

func (c *collector) morePackets() {
	const why = "more than 4 packets; the first ones were read"
	for _, n := range c.out.NotChecked {
		if n.Why == why {
			return
		}
	}
	c.out.NotChecked = append(c.out.NotChecked, report.NotChecked{What: "XMP", Why: why})
}

// parse reads a packet's properties. One that breaks the rules of XML declares nothing.
func (c *collector) parse(carrier, path string, offset int64, b []byte) {
	properties, err := xmp.Parse(b)
	var bad *xmp.SyntaxError
	if errors.As(err, &bad) {
		c.find(report.New("consent.metadata.unreadable", "", err.Error()).At(path, offset+bad.Offset))
		return
	}
	c.out.Packets = append(c.out.Packets, Packet{carrier, path, offset, properties})
}

// maxShown bounds a text that a report shows of a label. Labels in use have some hundred characters; the node graphs of
// generators are told by what matters of them.
const maxShown = 4096

// shown is a text as a report gives it: whole, or where it is long its beginning and its length, or its length alone
// where it is one character over and over.
func shown(s string) string {
	if len(s) <= maxShown {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	runes := []rune(s)
	first := runes[0]
	same := true
	for _, r := range runes {
		same = same && r == first
	}
	if same {
		return fmt.Sprintf("(%d × %c)", len(runes), first)
	}
	return strings.ToValidUTF8(string(runes[:256]), "\uFFFD") + fmt.Sprintf("… (%d characters)", len(runes))
}
