from testbed.control_plane.commands import main

main()
