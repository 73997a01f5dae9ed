package flv

import "encoding/binary"

// maxDepth bounds how values nest; an index of key frames nests two deep.
const maxDepth = 16

// amf reads values of AMF 0. Reading past the end gives zeros and sets short.
type amf struct {
	b     []byte
	at    int
	base  int64 // offset of b in the file
	short bool
	newer bool // a value is in AMF 3, which is not read; nor is what follows
	// top is called with the texts of the outermost map.
	top func(key string, at int, text []byte)
}

func (p *amf) take(n int) []byte {
	if n < 0 || n > len(p.b)-p.at {
		p.short, p.at = true, len(p.b)
		return nil
	}
	p.at += n
	return p.b[p.at-n : p.at]
}

func (p *amf) byte() byte {
	if b := p.take(1); len(b) == 1 {
		return b[0]
	}
	return 0xff
}

// The types of values. AMF 0, 2.1.
const (
	amfNumber  = 0
	amfBoolean = 1
	amfString  = 2
	amfObject  = 3
	amfNull    = 5
	amfUndef   = 6
	amfRef     = 7
	amfMap     = 8
	amfEnd     = 9
	amfList    = 10
	amfDate    = 11
	amfLong    = 12
	amfXML     = 15
	amfNewer   = 17 // a value in AMF 3
)

// text reads the rest of a text; false where the type is none.
func (p *amf) text(typ byte) ([]byte, bool) {
	switch typ {
	case amfString:
		if n := p.take(2); n != nil {
			return p.take(int(binary.BigEndian.Uint16(n))), !p.short
		}
	case amfLong, amfXML:
		if n := p.take(4); n != nil {
			return p.take(int(min(binary.BigEndian.Uint32(n), 1<<30))), !p.short
		}
	}
	return nil, false
}

// value reads a value that is not a text of the outermost map, and says in plain words what is wrong with it.
func (p *amf) value(depth int) string {
	if depth > maxDepth {
		return "nested too deep"
	}
	typ := p.byte()
	switch typ {
	case amfNumber:
		p.take(8)
	case amfBoolean:
		p.take(1)
	case amfString, amfLong, amfXML:
		p.text(typ)
	case amfNull, amfUndef:
	case amfRef:
		p.take(2)
	case amfDate:
		p.take(10)
	case amfMap:
		p.take(4)
		return p.members(depth)
	case amfObject:
		return p.members(depth)
	case amfList:
		n := p.take(4)
		if n == nil {
			return "it ends within a value"
		}
		// Each value has at least a byte: a count that cannot be is found at the end.
		for range binary.BigEndian.Uint32(n) {
			if why := p.value(depth + 1); why != "" {
				return why
			}
		}
	case amfNewer:
		p.newer = true
		return "a value in AMF 3"
	default:
		if !p.short {
			return "a type of value that is not known"
		}
	}
	if p.short {
		return "it ends within a value"
	}
	return ""
}

// members reads the members of a map up to its end.
func (p *amf) members(depth int) string {
	for {
		n := p.take(2)
		if n == nil {
			return "it ends within a map"
		}
		key := p.take(int(binary.BigEndian.Uint16(n)))
		if p.short {
			return "it ends within a map"
		}
		if len(key) == 0 && p.at < len(p.b) && p.b[p.at] == amfEnd {
			p.at++
			return ""
		}
		if depth == 0 && p.at < len(p.b) && (p.b[p.at] == amfString || p.b[p.at] == amfLong) {
			text, ok := p.text(p.byte())
			if !ok {
				return "it ends within a text"
			}
			p.top(string(key), p.at-len(text), text)
			continue
		}
		if why := p.value(depth + 1); why != "" {
			return why
		}
	}
}
