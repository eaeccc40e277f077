from todoapp_operator.cli import main

main()
