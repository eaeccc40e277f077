from todoapp_sidecar.cli import main

main()
