//go:build !linux

package chaos

import (
	"errors"
	"os"
)

// CanNetns says why nodes cannot have namespaces of their own here: only Linux has them.
func CanNetns() error { return errNoNamespaces }

var errNoNamespaces = unsupported("only Linux has network namespaces")

func inside(string, func() error) error { return errNoNamespaces }

func writeSysctl(string, string) error { return errNoNamespaces }

func openTun(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func (y *eye) standApart(view) (map[string]*foot, error) { return nil, errNoNamespaces }
