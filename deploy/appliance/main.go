// Command appliance makes the card image of a window computer on which the agent is
// the only program, and brings a newer one to computers that run it. It owns what is
// in the image and how its two halves are told apart; building is gokrazy's, and a
// module of its own keeps that out of the product's dependencies.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "appliance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "build":
		return runBuild(ctx, args, stdout)
	case "access":
		return runAccess(args, stdout)
	case "update":
		return runUpdate(ctx, args, stdout)
	case "back":
		return runBack(args, stdout)
	}
	_, err := fmt.Fprint(stdout, `一体镜像的制作与更新 / makes and updates the appliance image

  build   制作镜像 / make the image
  access  为一台电脑生成更新所用的口令和证书 / make password and certificate by which one computer takes updates
  update  通过网络更新一台电脑 / bring a newer image to a computer over the network
  back    把卡或镜像换回另一半 / let a card or image start from its other half again

appliance COMMAND --help
`)
	if err == nil && command != "" && command != "help" && command != "--help" {
		err = fmt.Errorf("there is no command %q", command)
	}
	return err
}
