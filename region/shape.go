package region

import (
	"fmt"
	"strconv"
)

// Shape is an area of the displayed picture, in pixels or in percent of its size.
type Shape struct {
	Kind          string  // rectangle, circle, polygon
	Percent       bool    // coordinates are 0 to 100 of the displayed size; else pixels
	X, Y          float64 // origin: a rectangle's top left corner, a circle's centre
	Width, Height float64 // of a rectangle; Width is a circle's diameter
	Outside       bool    // everything but the shape
	Vertices      [][2]float64
}

func parseShape(v any, path string) (*Shape, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, &SyntaxError{path, "not a map"}
	}
	s := &Shape{}
	var unit string
	if err := text(m, "type", path+".type", &s.Kind, true); err != nil {
		return nil, err
	}
	if err := text(m, "unit", path+".unit", &unit, true); err != nil {
		return nil, err
	}
	switch unit {
	case "pixel":
	case "percent":
		s.Percent = true
	default:
		return nil, &SyntaxError{path + ".unit", fmt.Sprintf("%q is neither pixel nor percent", unit)}
	}
	if raw, ok := m["inside"]; ok {
		inside, ok := raw.(bool)
		if !ok {
			return nil, &SyntaxError{path + ".inside", "neither true nor false"}
		}
		s.Outside = !inside
	}
	var err error
	switch s.Kind {
	case "rectangle":
		if err = point(m["origin"], path+".origin", &s.X, &s.Y); err == nil {
			err = lengths(m, path, map[string]*float64{"width": &s.Width, "height": &s.Height})
		}
	case "circle":
		if err = point(m["origin"], path+".origin", &s.X, &s.Y); err == nil {
			err = lengths(m, path, map[string]*float64{"width": &s.Width})
		}
	case "polygon":
		// The schema asks for an origin here too, but the vertices say it all: it is not needed and not read.
		err = s.parseVertices(m["vertices"], path+".vertices")
	default:
		err = &SyntaxError{path + ".type", fmt.Sprintf("%q is no shape", s.Kind)}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Shape) parseVertices(v any, path string) error {
	list, ok := v.([]any)
	if !ok || len(list) < 3 {
		return &SyntaxError{path, "not an array of three points at least"}
	}
	if len(list) > MaxVertices {
		return &SyntaxError{path, fmt.Sprintf("%d points; the limit is %d", len(list), MaxVertices)}
	}
	for i, v := range list {
		var p [2]float64
		if err := point(v, path+"["+strconv.Itoa(i)+"]", &p[0], &p[1]); err != nil {
			return err
		}
		s.Vertices = append(s.Vertices, p)
	}
	return nil
}

func point(v any, path string, x, y *float64) error {
	m, ok := v.(map[string]any)
	if !ok {
		return &SyntaxError{path, "not a map"}
	}
	for _, c := range []struct {
		name string
		to   *float64
	}{{"x", x}, {"y", y}} {
		n, ok := number(m[c.name])
		if !ok {
			return &SyntaxError{path + "." + c.name, "not a number"}
		}
		*c.to = n
	}
	return nil
}

func lengths(m map[string]any, path string, to map[string]*float64) error {
	for _, name := range []string{"width", "height"} {
		p, wanted := to[name]
		if !wanted {
			continue
		}
		n, ok := number(m[name])
		if !ok || n < 0 {
			return &SyntaxError{path + "." + name, "not a length"}
		}
		*p = n
	}
	return nil
}

// contains says whether a point of the displayed picture is in the shape.
func (s *Shape) contains(x, y float64, p Place) bool {
	if s.Percent {
		if p.Width <= 0 || p.Height <= 0 {
			return false // the size is not known: nothing can be placed
		}
		x, y = 100*x/p.Width, 100*y/p.Height
	}
	return s.covers(x, y, p) != s.Outside
}

func (s *Shape) covers(x, y float64, p Place) bool {
	switch s.Kind {
	case "rectangle":
		return x >= s.X && x <= s.X+s.Width && y >= s.Y && y <= s.Y+s.Height
	case "circle":
		// The diameter in percent is of the width, in both directions: a circle stays a circle on the screen.
		dx, dy := x-s.X, y-s.Y
		if s.Percent {
			dy *= p.Height / p.Width
		}
		return dx*dx+dy*dy <= s.Width*s.Width/4
	case "polygon":
		in := false
		for i, j := 0, len(s.Vertices)-1; i < len(s.Vertices); j, i = i, i+1 {
			a, b := s.Vertices[i], s.Vertices[j]
			if (a[1] > y) != (b[1] > y) && x < (b[0]-a[0])*(y-a[1])/(b[1]-a[1])+a[0] {
				in = !in
			}
		}
		return in
	}
	return false
}
